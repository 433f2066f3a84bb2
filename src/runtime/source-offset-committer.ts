import type { Logger } from '../api/logger.ts'
import type { SourceOffset, SourcePartition } from '../api/source.ts'
import type { SubmittedRecords } from './submitted-records.ts'

/** What the committer needs of the offset writer: set offsets, then flush a snapshot of them. */
export interface OffsetWriter {
  offset(partition: SourcePartition, offset: SourceOffset): void
  /** Takes a snapshot of what was set; false: there is nothing to write. */
  beginFlush(): boolean
  /** Writes the snapshot; resolves when it is safe. */
  doFlush(): Promise<void>
  /** Puts the snapshot back behind what was set since: the next flush writes it. */
  cancelFlush(): void
}

/**
 * Stores the offsets of one source task every `offset.flush.interval.ms`, and a last time at stop.
 * A flush that fails or takes longer than `offset.flush.timeout.ms` is given up and its data kept for the next one.
 * Apache Kafka 4.3, SourceTaskOffsetCommitter and WorkerSourceTask#commitOffsets.
 */
export class SourceOffsetCommitter {
  readonly #writer: OffsetWriter
  readonly #intervalMs: number
  readonly #timeoutMs: number
  readonly #log: Logger
  #submitted: SubmittedRecords | null = null
  #afterCommit: () => Promise<void> = () => Promise.resolve()
  #timer: NodeJS.Timeout | null = null
  #running: Promise<boolean> = Promise.resolve(true)
  #stopped = false

  constructor(parts: { writer: OffsetWriter; intervalMs: number; timeoutMs: number; log: Logger }) {
    this.#writer = parts.writer
    this.#intervalMs = parts.intervalMs
    this.#timeoutMs = parts.timeoutMs
    this.#log = parts.log
  }

  /** @param afterCommit called after each commit that succeeded, also when there was nothing to store */
  start(submitted: SubmittedRecords, afterCommit: () => Promise<void>): void {
    this.#submitted = submitted
    this.#afterCommit = afterCommit
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** Takes in what was acknowledged meanwhile; called by the loop between polls, so that queues stay short. */
  update(): void {
    for (const { partition, offset } of this.#submitted?.committableOffsets() ?? []) this.#writer.offset(partition, offset)
  }

  /** Commits now, after a commit that is under way. @returns false when offsets could not be stored; the log says why */
  commitNow(): Promise<boolean> {
    this.#running = this.#running.then(() => this.#commit())
    return this.#running
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(
      () => {
        void this.commitNow().then(() => this.#schedule())
      },
      Math.min(this.#intervalMs, 2 ** 31 - 1),
    )
  }

  async #commit(): Promise<boolean> {
    this.update()
    try {
      if (this.#writer.beginFlush()) await this.#withinTimeout(this.#writer.doFlush())
    } catch (error) {
      this.#writer.cancelFlush()
      this.#log.error('Failed to commit offsets: they are kept and written at the next commit', error)
      return false
    }
    await this.#afterCommit()
    return true
  }

  async #withinTimeout(flush: Promise<void>): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error(`flush took longer than offset.flush.timeout.ms=${this.#timeoutMs}`)), this.#timeoutMs)
    try {
      await Promise.race([flush, promise])
    } finally {
      clearTimeout(timer)
    }
  }
}
