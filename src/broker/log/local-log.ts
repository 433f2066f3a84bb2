import { BASE_OFFSET, PARTITION_LEADER_EPOCH, writeInt64 } from '../../kafka/record/batch-format.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { BatchView } from './batch-view.ts'
import type { ChangedSegments } from './changed-segments.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import type { LogHealth } from './log-health.ts'
import { LogSegment } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'
import { logFile } from './segment-files.ts'
import { mustRoll } from './segment-roll.ts'
import { swapIn } from './segment-swap.ts'
import type { SnapshotFiles } from './snapshot-files.ts'
import type { LogFolder } from './storage/log-storage.ts'

export interface LocalLogOptions {
  /** `topic-partition`, for messages. */
  readonly name: string
  readonly folder: LogFolder
  readonly segments: LogSegments
  readonly epochs: LeaderEpochs
  readonly startOffset: number
  readonly endOffset: number
  readonly config: LogConfig
  readonly health: LogHealth
  readonly changes: ChangedSegments
  readonly snapshots: SnapshotFiles
  readonly now: () => number
}

/** A log as its folder has it: batches in segments, from the start offset to the end. It knows no producers, and not who may read what. */
export class LocalLog {
  readonly name: string
  readonly segments: LogSegments
  readonly epochs: LeaderEpochs
  config: LogConfig
  /** Records before it are forgotten, though their segment may still be there. */
  startOffset: number
  #endOffset: number
  readonly #folder: LogFolder
  readonly #health: LogHealth
  readonly #changes: ChangedSegments
  readonly #snapshots: SnapshotFiles
  readonly #now: () => number

  constructor(options: LocalLogOptions) {
    this.name = options.name
    this.segments = options.segments
    this.epochs = options.epochs
    this.config = options.config
    this.startOffset = options.startOffset
    this.#endOffset = options.endOffset
    this.#folder = options.folder
    this.#health = options.health
    this.#changes = options.changes
    this.#snapshots = options.snapshots
    this.#now = options.now
  }

  /** What the next record gets. */
  get endOffset(): number {
    return this.#endOffset
  }

  /**
   * Numbers a batch and writes it behind the end, into a new segment when the active one is full.
   * @param bytes those of `batch`; belong to the log from now on
   * @returns the batch's base offset
   * @throws ApiError KAFKA_STORAGE_ERROR; nothing was appended then
   */
  append(bytes: Buffer, batch: BatchView, maxTimestamp: number, deltaOfMaxTimestamp: number): number {
    const baseOffset = this.#endOffset
    const lastOffset = baseOffset + batch.lastOffsetDelta
    if (mustRoll(this.segments.active, bytes.length, lastOffset, maxTimestamp, this.config, this.#now)) this.roll()
    writeInt64(bytes, BASE_OFFSET, baseOffset)
    bytes.writeInt32BE(this.epochs.current, PARTITION_LEADER_EPOCH)
    const { active } = this.segments
    try {
      const offsetOfMaxTimestamp = baseOffset + deltaOfMaxTimestamp
      active.append(bytes, { lastOffset, maxTimestamp, offsetOfMaxTimestamp }, this.config['index.interval.bytes'])
    } catch (error) {
      throw this.#health.storageError(`cannot append to ${logFile(active.baseOffset)}`, error)
    }
    this.#changes.note(active, bytes.length)
    this.#endOffset = lastOffset + 1
    return baseOffset
  }

  /** Ends the active segment: the next append goes to a new one. */
  roll(): void {
    const { active } = this.segments
    if (active.baseOffset === this.#endOffset) return
    try {
      active.flushIndexes()
      this.#snapshots.take(this.#endOffset)
      this.#folder.create(logFile(this.#endOffset))
    } catch (error) {
      throw this.#health.storageError(`cannot begin ${logFile(this.#endOffset)}`, error)
    }
    this.segments.add(new LogSegment(this.#folder, this.#endOffset, this.#now()))
    this.#changes.hasNewNames = true
  }

  /** Removes the oldest segments, which moves the start. A log that loses all of them goes on with an empty one. */
  removeOldest(count: number): void {
    if (count === this.segments.all.length) this.roll()
    const oldest = this.segments.all.slice(0, count)
    this.segments.replace(oldest, [])
    for (const segment of oldest) {
      this.#changes.forget(segment)
      segment.delete()
    }
    this.startOffset = Math.max(this.startOffset, this.segments.first.baseOffset)
  }

  /** Puts a cleaned segment in the place of those it was made from. */
  async replaceCleaned(old: readonly LogSegment[], cleaned: LogSegment): Promise<void> {
    cleaned.flushIndexes()
    await cleaned.file.sync()
    await cleaned.syncIndexes()
    cleaned.close()
    this.#health.check()
    // retention may have been faster
    if (!old.every((segment) => this.segments.all.includes(segment))) return
    swapIn(this.#folder, cleaned, old)
    const segment = new LogSegment(this.#folder, cleaned.baseOffset, cleaned.createdMs)
    segment.loadTimes()
    this.segments.replace(old, [segment])
    for (const replaced of old) this.#changes.forget(replaced)
    await this.#folder.syncNames()
  }

  outOfRange(offset: number): ApiError {
    const message =
      `Received request for offset ${offset} for partition ${this.name}, ` +
      `but we only have log segments from offset ${this.startOffset} up to ${this.#endOffset}.`
    return new ApiError(Errors.OFFSET_OUT_OF_RANGE, message)
  }

  close(): void {
    for (const segment of this.segments.all) segment.close()
  }
}
