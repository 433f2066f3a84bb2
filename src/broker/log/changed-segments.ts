import type { LogSegment } from './log-segment.ts'

/** Which of a log's segments the disk does not know yet, and which the last checkpoint does not. */
export class ChangedSegments {
  /** Segments with bytes that were not synced. */
  readonly #unsynced = new Set<LogSegment>()
  /** Segments of which the last checkpoint does not know everything. */
  readonly #changed = new Set<LogSegment>()
  #bytesSinceCheckpoint = 0

  /** Files were created whose names may be lost in a crash of the machine. */
  hasNewNames = false

  /** What an unclean start would have to check. */
  get bytesSinceCheckpoint(): number {
    return this.#bytesSinceCheckpoint
  }

  note(segment: LogSegment, bytes: number): void {
    this.#unsynced.add(segment)
    this.#changed.add(segment)
    this.#bytesSinceCheckpoint += bytes
  }

  /** The segment is none of the log's any more. */
  forget(segment: LogSegment): void {
    this.#unsynced.delete(segment)
    this.#changed.delete(segment)
  }

  /** Hands over what a sync that begins now takes care of. */
  takeUnsynced(): LogSegment[] {
    const segments = [...this.#unsynced]
    this.#unsynced.clear()
    return segments
  }

  /** Hands over what a checkpoint that begins now takes care of. */
  takeChanged(): LogSegment[] {
    const segments = [...this.#changed]
    this.#changed.clear()
    this.#bytesSinceCheckpoint = 0
    return segments
  }
}
