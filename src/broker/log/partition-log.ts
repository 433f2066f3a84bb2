import type { Logger } from '../../api/logger.ts'
import type { Clock } from '../clock.ts'
import type { EpochEnd, KnownProducer, OffsetAndTime, ReadRecords } from '../partition/record-log.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { BatchView } from './batch-view.ts'
import { ChangedSegments } from './changed-segments.ts'
import { HighWatermark } from './high-watermark.ts'
import type { EpochStart, LeaderEpochs } from './leader-epochs.ts'
import { LocalLog } from './local-log.ts'
import { LogAppender, type AppendResult } from './log-appender.ts'
import type { LogConfig } from './log-config.ts'
import { LogFlush } from './log-flush.ts'
import { LogHealth } from './log-health.ts'
import { loadLog } from './log-loader.ts'
import { LogReader, type ReadOptions } from './log-reader.ts'
import type { LogSegment } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'
import { LogTrim } from './log-trim.ts'
import type { ProducerState, TransactionOutcome } from './producer-state.ts'
import { beginCleaned } from './segment-swap.ts'
import { SnapshotFiles } from './snapshot-files.ts'
import type { LogFolder } from './storage/log-storage.ts'
import { findOffsetForTime, findOffsetOfMaxTimestamp } from './time-lookup.ts'

export interface PartitionLogOptions {
  readonly topic: string
  readonly partition: number
  readonly folder: LogFolder
  readonly config: LogConfig
  /** What is before it needs no check; the log end after a clean stop. */
  readonly recoveryPoint: number
  readonly logStartOffset: number
  /** As remembered; absent: nothing is, as of a new log. */
  readonly leaderEpochs?: LeaderEpochs | undefined
  readonly clock: Clock
  readonly log: Logger
  /** The high watermark or the last stable offset moved. */
  readonly onAdvance: (log: PartitionLog) => void
}

/**
 * One partition's records on disk (or in memory): checked, numbered, kept, read, and forgotten when their time has come.
 *
 * An append is synchronous: when it returns, the batch is in the file. It is seen by consumers when it is before the high watermark, which is
 * the log's end, or with `flush.messages=1` the end of what was synced. A log whose disk failed refuses everything with KAFKA_STORAGE_ERROR.
 */
export class PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly name: string
  readonly segments: LogSegments
  readonly #folder: LogFolder
  readonly #health: LogHealth
  readonly #producers: ProducerState
  readonly #changes = new ChangedSegments()
  readonly #local: LocalLog
  readonly #appender: LogAppender
  readonly #reader: LogReader
  readonly #trim: LogTrim
  readonly #flush: LogFlush
  readonly #watermark: HighWatermark
  readonly #now: () => number
  readonly #onAdvance: (log: PartitionLog) => void

  constructor(options: PartitionLogOptions) {
    const { topic, partition, folder, config, log, clock } = options
    const now = () => clock.now()
    const name = `${topic}-${partition}`
    this.topic = topic
    this.partition = partition
    this.name = name
    this.#folder = folder
    this.#now = now
    this.#onAdvance = options.onAdvance
    const loaded = loadLog({ ...options, name, now: now() })
    const { segments, producers, leaderEpochs: epochs, logStartOffset: startOffset, logEndOffset: endOffset, trustedOffset } = loaded
    this.segments = segments
    this.#producers = producers
    const [changes, health, snapshots] = [this.#changes, new LogHealth(name, log), new SnapshotFiles(folder, producers)]
    changes.hasNewNames = endOffset === 0
    this.#health = health
    this.#local = new LocalLog({ name, folder, segments, epochs, startOffset, endOffset, config, health, changes, snapshots, now })
    this.#appender = new LogAppender(this.#local, producers, now)
    this.#watermark = new HighWatermark(endOffset, producers, () => this.#local.startOffset)
    this.#reader = new LogReader(this.#local, this.#watermark)
    this.#trim = new LogTrim(this.#local, this.#watermark, now, log)
    const onFlushed = () => this.#advance()
    this.#flush = new LogFlush({ local: this.#local, folder, changes, snapshots, health, clock, trustedOffset, onFlushed })
  }

  /** Up to where a compacted log was cleaned. */
  cleanedOffset = 0

  get config(): LogConfig {
    return this.#local.config
  }

  get logStartOffset(): number {
    return this.#local.startOffset
  }

  get logEndOffset(): number {
    return this.#local.endOffset
  }

  /** What is appended is stamped with it. It is another one than before when the log may have lost records that were read. */
  get leaderEpoch(): number {
    return this.#local.epochs.current
  }

  /** Every epoch of which there are, or will be, records. */
  get epochStarts(): readonly EpochStart[] {
    return this.#local.epochs.since(this.logStartOffset)
  }

  /** Everything before it may be read. */
  get highWatermark(): number {
    return this.#watermark.offset
  }

  /** Everything before it belongs to no open transaction. */
  get lastStableOffset(): number {
    return this.#watermark.lastStableOffset
  }

  get sizeBytes(): number {
    return this.segments.sizeBytes
  }

  /** What an unclean start would have to check. */
  get bytesSinceCheckpoint(): number {
    return this.#changes.bytesSinceCheckpoint
  }

  /** Everything before it survives a crash of the machine. */
  get flushedOffset(): number {
    return this.#flush.flushedOffset
  }

  /** Whether the log is synced by its own `flush.ms`, and not to be synced every second. */
  get hasOwnFlushTime(): boolean {
    return this.#flush.hasOwnTime
  }

  /** Everything before it survives, with indexes and producers: the next start looks at what is behind it. */
  get recoveryPoint(): number {
    return this.#flush.recoveryPoint
  }

  /**
   * Checks a batch and appends it. Offsets, and what else the broker decides, are written into the bytes.
   * @param records one batch; belongs to the log from now on
   * @throws ApiError CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_RECORD, INVALID_TIMESTAMP, UNSUPPORTED_COMPRESSION_TYPE,
   * OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE, KAFKA_STORAGE_ERROR; nothing was appended then
   */
  append(records: Buffer): AppendResult {
    this.#health.check()
    const result = this.#appender.append(records)
    if (!result.isDuplicate) this.#appended()
    return result
  }

  /**
   * Appends the control batch that ends a producer's transaction here. Harmless when there is none.
   * @returns its offset
   * @throws ApiError INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED, KAFKA_STORAGE_ERROR
   */
  appendMarker(producerId: number, producerEpoch: number, outcome: TransactionOutcome, coordinatorEpoch: number): number {
    this.#health.check()
    const offset = this.#appender.appendMarker(producerId, producerEpoch, outcome, coordinatorEpoch)
    this.#appended()
    return offset
  }

  /**
   * Whether everything before an offset is as safe as the flush policy asks: null when it is, else a promise of it, which rejects with
   * KAFKA_STORAGE_ERROR when the disk refuses.
   */
  whenSafe(offset: number): Promise<void> | null {
    return this.#flush.whenSafe(offset)
  }

  /** Syncs everything that was appended before the call. */
  flush(): Promise<void> {
    return this.#flush.flush()
  }

  /** Syncs the log, its indexes and its producers, which moves the recovery point. */
  checkpoint(): Promise<void> {
    return this.#flush.checkpoint()
  }

  /**
   * Whole batches from the one that has the offset on; the last may be cut off by `maxBytes`.
   * @throws ApiError OFFSET_OUT_OF_RANGE, KAFKA_STORAGE_ERROR
   */
  read(offset: number, maxBytes: number, options: ReadOptions): ReadRecords | Promise<ReadRecords> {
    this.#health.check()
    return this.#reader.read(offset, maxBytes, options)
  }

  /** The first record with this timestamp or a later one; null: there is none. */
  async offsetForTime(timestamp: number): Promise<OffsetAndTime | null> {
    this.#health.check()
    return findOffsetForTime(this.segments, timestamp, this.logStartOffset)
  }

  /** The record with the largest timestamp; null: there is none. */
  async offsetOfMaxTimestamp(): Promise<OffsetAndTime | null> {
    this.#health.check()
    return findOffsetOfMaxTimestamp(this.segments)
  }

  /** The epoch that the record with this offset was written under. */
  leaderEpochAt(offset: number): number {
    return this.#local.epochs.at(offset)
  }

  /** Where the records of the largest epoch end that is not larger than this one; null for one that never was. */
  endOfLeaderEpoch(epoch: number): EpochEnd | null {
    return this.#local.epochs.endOf(epoch, this.logStartOffset, this.logEndOffset)
  }

  /** The log may have lost its end: what is appended from now on is told from that. Called before anybody may use the log. */
  beginLeaderEpoch(): void {
    this.#local.epochs.begin(this.logEndOffset)
  }

  /** Whether a transaction of the producer is open here, in this epoch. */
  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    return this.#producers.hasOngoingTransaction(producerId, producerEpoch)
  }

  producers(): readonly KnownProducer[] {
    return this.#producers.known()
  }

  /** Forgets producers that wrote nothing for so long. */
  expireProducers(idleMs: number): void {
    this.#producers.expire(this.#now() - idleMs)
  }

  /** Whether the batch is the one that says a producer's last sequence, or epoch. */
  isLastOfProducer(batch: BatchView): boolean {
    return this.#producers.isLastOfProducer(batch)
  }

  /**
   * Forgets records before an offset.
   * @returns the log start offset, which may be larger already
   * @throws ApiError OFFSET_OUT_OF_RANGE for an offset behind the high watermark; POLICY_VIOLATION in a topic that is only compacted
   */
  deleteRecordsBefore(offset: number): number {
    this.#health.check()
    return this.#trim.deleteRecordsBefore(offset)
  }

  /** Removes segments that are past retention. Called every now and then. @returns how many */
  deleteOldSegments(): number {
    this.#health.check()
    return this.#trim.deleteOldSegments()
  }

  /** Ends the active segment: the next append goes to a new one. */
  roll(): void {
    this.#local.roll()
  }

  /** An empty segment beside the log, which a cleaning fills. */
  beginCleaned(first: LogSegment): LogSegment {
    return beginCleaned(this.#folder, first)
  }

  /** Puts a cleaned segment in the place of those it was made from. */
  replaceCleaned(old: readonly LogSegment[], cleaned: LogSegment): Promise<void> {
    return this.#local.replaceCleaned(old, cleaned)
  }

  updateConfig(config: LogConfig): void {
    this.#local.config = config
    this.#appender.updateConfig(config)
    this.#flush.updateConfig(config)
    this.#advance()
  }

  /** Leaves on disk what makes the next start cheap. The log must not be used any more. */
  async close(): Promise<void> {
    this.#flush.stop()
    try {
      if (this.#health.isUsable) await this.checkpoint()
    } finally {
      this.#health.end(new Error('closed'))
      this.#local.close()
    }
  }

  /** Ends the use of a log whose folder is about to go. */
  abandon(): void {
    this.#flush.stop()
    this.#health.end(new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION, `${this.name} was deleted`))
    this.#local.close()
  }

  #appended(): void {
    this.#flush.appended()
    this.#advance()
  }

  /** Moves the high watermark and tells who waits. */
  #advance(): void {
    if (this.#watermark.advance(this.#flush.safeOffset)) this.#onAdvance(this)
  }
}
