import { NO_EPOCH } from '../partition/leader-epoch.ts'
import type { EpochEnd } from '../partition/record-log.ts'

/** Records from `startOffset` on were written under this epoch. */
export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

/**
 * Which records of a log were written under which leader epoch. A log that may have lost its end begins a new epoch there: readers of what is
 * lost find that their epoch ends before their position, and are not led on into other records with the same offsets (KIP-101, KIP-320).
 * Epochs that the log's start has passed stay until the next start: whoever asks says where the log starts.
 */
export class LeaderEpochs {
  /** Stamped on what is appended. */
  current: number
  /** One at least; epochs and offsets rise. */
  readonly #starts: EpochStart[]

  constructor(first: EpochStart = { epoch: 0, startOffset: 0 }) {
    this.#starts = [first]
    this.current = first.epoch
  }

  /** From this offset on, which is the log's end, begins a new epoch. Those that lost all their records, or had none, are forgotten. */
  begin(startOffset: number, epoch = this.current + 1): void {
    while ((this.#starts.at(-1)?.startOffset ?? -1) >= startOffset) this.#starts.pop()
    this.#starts.push({ epoch, startOffset })
    this.current = epoch
  }

  /** Those that a log from this offset on has: the first starts where the log does. */
  since(logStartOffset: number): readonly EpochStart[] {
    const first = this.#starts.findLastIndex(({ startOffset }) => startOffset <= logStartOffset)
    return this.#starts
      .slice(Math.max(first, 0))
      .map(({ epoch, startOffset }) => ({ epoch, startOffset: Math.max(startOffset, logStartOffset) }))
  }

  /** The one that the record with this offset was written under, or will be. */
  at(offset: number): number {
    return (this.#starts.findLast(({ startOffset }) => startOffset <= offset) ?? this.#starts[0])?.epoch ?? this.current
  }

  /**
   * Where the records of the largest epoch end that is not larger than the one asked for. Apache Kafka 4.3.1, LeaderEpochFileCache#endOffsetFor.
   * @returns null for an epoch that never was
   */
  endOf(asked: number, logStartOffset: number, logEndOffset: number): EpochEnd | null {
    if (asked === this.current) return { leaderEpoch: asked, endOffset: logEndOffset }
    const starts = this.since(logStartOffset)
    const next = starts.findIndex(({ epoch }) => epoch > asked)
    const end = starts[next]
    if (asked === NO_EPOCH || end === undefined) return null
    return { leaderEpoch: starts[next - 1]?.epoch ?? asked, endOffset: end.startOffset }
  }
}
