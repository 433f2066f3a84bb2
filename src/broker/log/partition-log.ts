import type { Logger } from '../../api/logger.ts'
import { BASE_OFFSET, PARTITION_LEADER_EPOCH, writeInt64 } from '../../kafka/record/batch-format.ts'
import { LEADER_EPOCH } from '../partition/leader-epoch.ts'
import type { AppendedRecords, Isolation, KnownProducer, OffsetAndTime, ReadRecords } from '../partition/record-log.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import { BatchCheck } from './batch-check.ts'
import { BatchView } from './batch-view.ts'
import { controlBatch } from './control-batch.ts'
import { GroupFlush } from './group-flush.ts'
import type { LogConfig } from './log-config.ts'
import { loadLog } from './log-loader.ts'
import { abortedBetween, findRange, readRange } from './log-reader.ts'
import { LogSegment } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'
import type { ProducerState, TransactionOutcome } from './producer-state.ts'
import { encodeSnapshot } from './producer-snapshot.ts'
import { expiredSegments } from './retention.ts'
import { logFile, offsetOf, segmentFiles, snapshotFile } from './segment-files.ts'
import { CLEANED, swapIn } from './segment-swap.ts'
import type { LogFolder } from './storage/log-storage.ts'
import { findOffsetForTime, findOffsetOfMaxTimestamp } from './time-lookup.ts'

const NO_RECORDS = Buffer.alloc(0)

export interface AppendResult extends AppendedRecords {
  /** The producer sent the batch before; nothing was appended. */
  readonly isDuplicate: boolean
}

export interface ReadOptions {
  readonly isolation: Isolation
  /** Give the first batch whole, however large. */
  readonly minOneBatch: boolean
}

export interface PartitionLogOptions {
  readonly topic: string
  readonly partition: number
  readonly folder: LogFolder
  readonly config: LogConfig
  /** What is before it needs no check; the log end after a clean stop. */
  readonly recoveryPoint: number
  readonly logStartOffset: number
  readonly now: () => number
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
  readonly #producers: ProducerState
  readonly #check: BatchCheck
  readonly #flush: GroupFlush
  readonly #now: () => number
  readonly #log: Logger
  readonly #onAdvance: (log: PartitionLog) => void
  /** Segments with bytes that were not synced. */
  readonly #unsynced = new Set<LogSegment>()
  /** Segments of which the last checkpoint does not know everything. */
  readonly #changed = new Set<LogSegment>()
  #config: LogConfig
  #logStartOffset: number
  #logEndOffset: number
  #highWatermark: number
  #toldHighWatermark = -1
  #toldStableOffset = -1
  #hasNewNames: boolean
  #recoveryPoint: number
  #bytesSinceCheckpoint = 0
  #failure: unknown = null

  constructor(options: PartitionLogOptions) {
    const { topic, partition, folder, config, log, now } = options
    this.topic = topic
    this.partition = partition
    this.name = `${topic}-${partition}`
    const { recoveryPoint, logStartOffset } = options
    const indexIntervalBytes = config['index.interval.bytes']
    const isCompacted = config['cleanup.policy'].includes('compact')
    const loaded = loadLog({ folder, name: this.name, recoveryPoint, logStartOffset, indexIntervalBytes, isCompacted, now: now(), log })
    this.segments = loaded.segments
    this.#producers = loaded.producers
    this.#logStartOffset = loaded.logStartOffset
    this.#logEndOffset = loaded.logEndOffset
    this.#highWatermark = loaded.logEndOffset
    this.#folder = folder
    this.#config = config
    this.#check = new BatchCheck(this.name, config)
    this.#now = now
    this.#log = log
    this.#onAdvance = options.onAdvance
    this.#hasNewNames = loaded.logEndOffset === 0
    this.#recoveryPoint = loaded.trustedOffset
    if (loaded.trustedOffset < loaded.logEndOffset) this.#noteRecovered()
    this.#flush = new GroupFlush(loaded.trustedOffset, {
      endOffset: () => this.#logEndOffset,
      sync: () => this.#syncSegments(),
      flushed: () => this.#advance(),
    })
  }

  /** Up to where a compacted log was cleaned. */
  cleanedOffset = 0

  get config(): LogConfig {
    return this.#config
  }

  get logStartOffset(): number {
    return this.#logStartOffset
  }

  get logEndOffset(): number {
    return this.#logEndOffset
  }

  /** Everything before it may be read. */
  get highWatermark(): number {
    return this.#highWatermark
  }

  /** Everything before it belongs to no open transaction. */
  get lastStableOffset(): number {
    const unstable = this.#producers.firstUnstableOffset
    return unstable === null ? this.#highWatermark : Math.min(unstable, this.#highWatermark)
  }

  get sizeBytes(): number {
    return this.segments.sizeBytes
  }

  /** What an unclean start would have to check. */
  get bytesSinceCheckpoint(): number {
    return this.#bytesSinceCheckpoint
  }

  /** Everything before it survives a crash of the machine. */
  get flushedOffset(): number {
    return this.#flush.flushedOffset
  }

  /** Everything before it survives, with indexes and producers: the next start looks at what is behind it. */
  get recoveryPoint(): number {
    return this.#recoveryPoint
  }

  /**
   * Checks a batch and appends it. Offsets, and what else the broker decides, are written into the bytes.
   * @param records one batch; belongs to the log from now on
   * @throws ApiError CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_RECORD, INVALID_TIMESTAMP, UNSUPPORTED_COMPRESSION_TYPE,
   * OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE, KAFKA_STORAGE_ERROR; nothing was appended then
   */
  append(records: Buffer): AppendResult {
    this.#checkUsable()
    const now = this.#now()
    const bytes = this.#check.check(records, now)
    const { batch, maxTimestamp } = this.#check
    this.#checkFitsSegment(bytes)
    const isIdempotent = batch.producerId >= 0
    if (isIdempotent) {
      const duplicate = this.#producers.findDuplicate(batch)
      if (duplicate !== null) return this.#duplicateResult(duplicate)
      this.#producers.checkBatch(batch, this.#logEndOffset)
    }
    const baseOffset = this.#write(bytes, batch, maxTimestamp, this.#check.deltaOfMaxTimestamp)
    if (isIdempotent) this.#producers.noteBatch(batch)
    this.#advance()
    const logAppendTime = batch.isLogAppendTime ? now : -1
    return { baseOffset, lastOffset: this.#logEndOffset - 1, logAppendTime, logStartOffset: this.#logStartOffset, isDuplicate: false }
  }

  /**
   * Appends the control batch that ends a producer's transaction here. Harmless when there is none.
   * @returns its offset
   * @throws ApiError INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED, KAFKA_STORAGE_ERROR
   */
  appendMarker(producerId: number, producerEpoch: number, outcome: TransactionOutcome, coordinatorEpoch: number): number {
    this.#checkUsable()
    this.#producers.checkMarker(producerId, producerEpoch, coordinatorEpoch, this.#logEndOffset)
    const now = this.#now()
    const bytes = controlBatch(producerId, producerEpoch, { outcome, coordinatorEpoch }, now)
    const batch = new BatchView().at(bytes, 0)
    const offset = this.#write(bytes, batch, now, 0)
    const completed = this.#producers.noteMarker(batch, outcome, coordinatorEpoch)
    if (completed?.isAborted === true) {
      const { firstOffset, lastOffset } = completed
      this.segments.active.aborted.add({
        producerId,
        firstOffset,
        lastOffset,
        lastStableOffset: this.#producers.stableOffsetAfter(completed),
      })
    }
    this.#advance()
    return offset
  }

  /**
   * Whether everything before an offset is as safe as the flush policy asks: null when it is, else a promise of it, which rejects with
   * KAFKA_STORAGE_ERROR when the disk refuses.
   */
  whenSafe(offset: number): Promise<void> | null {
    const { flushedOffset } = this.#flush
    if (offset <= flushedOffset || this.#logEndOffset - flushedOffset < this.#config['flush.messages']) return null
    return this.#flush.wait(offset)
  }

  /** Syncs everything that was appended before the call. */
  flush(): Promise<void> {
    return this.#flush.wait(this.#logEndOffset)
  }

  /**
   * Whole batches from the one that has the offset on; the last may be cut off by `maxBytes`.
   * @throws ApiError OFFSET_OUT_OF_RANGE, KAFKA_STORAGE_ERROR
   */
  read(offset: number, maxBytes: number, options: ReadOptions): ReadRecords | Promise<ReadRecords> {
    this.#checkUsable()
    if (offset < this.#logStartOffset || offset > this.#logEndOffset) throw this.#outOfRange(offset)
    const isCommitted = options.isolation === 'read_committed'
    const bound = isCommitted ? this.lastStableOffset : this.#highWatermark
    const range = offset >= bound ? null : findRange(this.segments, offset, bound, maxBytes, options.minOneBatch)
    const aborted = isCommitted ? abortedBetween(this.segments, offset, bound) : null
    const records = range === null ? NO_RECORDS : readRange(range)
    return records instanceof Promise ? records.then((bytes) => this.#readResult(bytes, aborted)) : this.#readResult(records, aborted)
  }

  /** The first record with this timestamp or a later one; null: there is none. */
  async offsetForTime(timestamp: number): Promise<OffsetAndTime | null> {
    this.#checkUsable()
    return findOffsetForTime(this.segments, timestamp, this.#logStartOffset)
  }

  /** The record with the largest timestamp; null: there is none. */
  async offsetOfMaxTimestamp(): Promise<OffsetAndTime | null> {
    this.#checkUsable()
    return findOffsetOfMaxTimestamp(this.segments)
  }

  /** Whether a transaction of the producer is open here, in this epoch. */
  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    const entry = this.#producers.entry(producerId)
    return entry !== null && entry.transactionStart >= 0 && entry.epoch === producerEpoch
  }

  producers(): readonly KnownProducer[] {
    return [...this.#producers.entries].map((entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.epoch,
      lastSequence: entry.lastSequence,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.transactionStart,
    }))
  }

  /**
   * Forgets records before an offset.
   * @returns the log start offset, which may be larger already
   * @throws ApiError OFFSET_OUT_OF_RANGE for an offset behind the high watermark; POLICY_VIOLATION in a topic that is only compacted
   */
  deleteRecordsBefore(offset: number): number {
    this.#checkUsable()
    const policy = this.#config['cleanup.policy']
    if (policy.includes('compact') && !policy.includes('delete')) {
      const message = `Records of partition ${this.name} can not be deleted due to the configured policy`
      throw new ApiError(Errors.POLICY_VIOLATION, message)
    }
    if (offset > this.#highWatermark) throw this.#outOfRange(offset)
    this.#logStartOffset = Math.max(this.#logStartOffset, offset)
    return this.#logStartOffset
  }

  /** Removes segments that are past retention. Called every now and then. @returns how many */
  deleteOldSegments(): number {
    this.#checkUsable()
    const { config, logStartOffset, logEndOffset, highWatermark } = this
    const facts = { segments: this.segments.all, config, logStartOffset, logEndOffset, highWatermark, now: this.#now() }
    const count = expiredSegments(facts)
    if (count === 0) return 0
    if (count === this.segments.all.length) this.roll()
    const expired = this.segments.all.slice(0, count)
    this.segments.replace(expired, [])
    for (const segment of expired) this.#forget(segment)
    this.#logStartOffset = Math.max(logStartOffset, this.segments.first.baseOffset)
    this.#log.info(`${this.name}: removed ${count} segments past retention; the log starts at offset ${this.#logStartOffset} now`)
    return count
  }

  /** Forgets producers that wrote nothing for so long. */
  expireProducers(idleMs: number): void {
    this.#producers.expire(this.#now() - idleMs)
  }

  /** Whether the batch is the one that says a producer's last sequence, or epoch. */
  isLastOfProducer(batch: BatchView): boolean {
    const entry = batch.producerId < 0 ? null : this.#producers.entry(batch.producerId)
    if (entry === null) return false
    return entry.lastOffset >= 0 ? batch.lastOffset === entry.lastOffset : batch.isControl && batch.producerEpoch === entry.epoch
  }

  /** An empty segment beside the log, which a cleaning fills. */
  beginCleaned({ baseOffset, createdMs }: LogSegment): LogSegment {
    for (const name of segmentFiles(baseOffset)) {
      this.#folder.remove(name + CLEANED)
      this.#folder.create(name + CLEANED)
    }
    return new LogSegment(this.#folder, baseOffset, createdMs, CLEANED)
  }

  /** Puts a cleaned segment in the place of those it was made from. */
  async replaceCleaned(old: readonly LogSegment[], cleaned: LogSegment): Promise<void> {
    cleaned.flushIndexes()
    await cleaned.file.sync()
    await cleaned.syncIndexes()
    cleaned.close()
    this.#checkUsable()
    // retention may have been faster
    if (!old.every((segment) => this.segments.all.includes(segment))) return
    swapIn(this.#folder, cleaned, old)
    const segment = new LogSegment(this.#folder, cleaned.baseOffset, cleaned.createdMs)
    segment.loadTimes()
    this.segments.replace(old, [segment])
    for (const replaced of old) this.#stopNoting(replaced)
    await this.#folder.syncNames()
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
    this.#check.updateConfig(config)
  }

  /** Leaves on disk what makes the next start cheap. The log must not be used any more. */
  async close(): Promise<void> {
    try {
      if (this.#failure === null) await this.checkpoint()
    } finally {
      this.#failure ??= new Error('closed')
      this.#closeFiles()
    }
  }

  /** Ends the use of a log whose folder is about to go. */
  abandon(): void {
    this.#failure ??= new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION, `${this.name} was deleted`)
    this.#closeFiles()
  }

  /** Syncs the log, its indexes and its producers, which moves the recovery point. */
  async checkpoint(): Promise<void> {
    const { logEndOffset } = this
    const changed = [...this.#changed]
    this.#changed.clear()
    this.#bytesSinceCheckpoint = 0
    for (const segment of changed) segment.flushIndexes()
    this.#takeSnapshot()
    await this.flush()
    for (const segment of changed) await segment.syncIndexes()
    this.#recoveryPoint = logEndOffset
    this.#removeOldSnapshots()
  }

  #closeFiles(): void {
    for (const segment of this.segments.all) segment.close()
  }

  #write(bytes: Buffer, batch: BatchView, maxTimestamp: number, deltaOfMaxTimestamp: number): number {
    const baseOffset = this.#logEndOffset
    const lastOffset = baseOffset + batch.lastOffsetDelta
    this.#rollIfFull(bytes.length, lastOffset, maxTimestamp)
    writeInt64(bytes, BASE_OFFSET, baseOffset)
    bytes.writeInt32BE(LEADER_EPOCH, PARTITION_LEADER_EPOCH)
    const { active } = this.segments
    try {
      const offsetOfMaxTimestamp = baseOffset + deltaOfMaxTimestamp
      active.append(bytes, { lastOffset, maxTimestamp, offsetOfMaxTimestamp }, this.#config['index.interval.bytes'])
    } catch (error) {
      throw this.#storageError(`cannot append to ${logFile(active.baseOffset)}`, error)
    }
    this.#noteChange(active)
    this.#bytesSinceCheckpoint += bytes.length
    this.#logEndOffset = lastOffset + 1
    return baseOffset
  }

  /** What a crash left may be in the page cache only. */
  #noteRecovered(): void {
    for (const segment of this.segments.all.slice(this.segments.indexOf(this.#recoveryPoint))) {
      this.#noteChange(segment)
      this.#bytesSinceCheckpoint += segment.sizeBytes
    }
  }

  #noteChange(segment: LogSegment): void {
    this.#unsynced.add(segment)
    this.#changed.add(segment)
  }

  #stopNoting(segment: LogSegment): void {
    this.#unsynced.delete(segment)
    this.#changed.delete(segment)
  }

  #forget(segment: LogSegment): void {
    this.#stopNoting(segment)
    segment.delete()
  }

  #checkFitsSegment(bytes: Buffer): void {
    const limit = this.#config['segment.bytes']
    if (bytes.length <= limit) return
    const message = `The record batch size in the append to ${this.name} is ${bytes.length} bytes which exceeds the maximum configured segment size of ${limit}.`
    throw new ApiError(Errors.RECORD_LIST_TOO_LARGE, message)
  }

  #rollIfFull(bytes: number, lastOffset: number, maxTimestamp: number): void {
    const { active } = this.segments
    const config = this.#config
    const maxAgeMs = config['cleanup.policy'].includes('compact')
      ? Math.min(config['segment.ms'], config['max.compaction.lag.ms'])
      : config['segment.ms']
    const isFull =
      active.sizeBytes + bytes > config['segment.bytes'] ||
      (active.sizeBytes > 0 && this.#ageOf(active, maxTimestamp) > maxAgeMs) ||
      active.indexBytes >= config['segment.index.bytes'] ||
      !active.fits(lastOffset)
    if (isFull) this.roll()
  }

  /** By the records' own time, or by the clock where they have none. */
  #ageOf(segment: LogSegment, timestamp: number): number {
    const { firstTimestamp } = segment
    return firstTimestamp >= 0 && timestamp >= 0 ? timestamp - firstTimestamp : this.#now() - segment.createdMs
  }

  /** Ends the active segment: the next append goes to a new one. */
  roll(): void {
    const { active } = this.segments
    if (active.baseOffset === this.#logEndOffset) return
    try {
      active.flushIndexes()
      this.#takeSnapshot()
      this.#folder.create(logFile(this.#logEndOffset))
    } catch (error) {
      throw this.#storageError(`cannot begin ${logFile(this.#logEndOffset)}`, error)
    }
    this.segments.add(new LogSegment(this.#folder, this.#logEndOffset, this.#now()))
    this.#hasNewNames = true
  }

  /** Not synced: a snapshot that is not whole is no snapshot, and the log itself says the same. */
  #takeSnapshot(): void {
    const name = snapshotFile(this.#logEndOffset)
    if (this.#folder.names().includes(name)) return
    const file = this.#folder.open(name)
    file.append(encodeSnapshot([...this.#producers.entries]))
    file.close()
  }

  /** The newest at the recovery point or before is where the next start begins; those behind it may take its place. */
  #removeOldSnapshots(): void {
    const offsets = this.#folder.names().flatMap((name) => offsetOf(name, '.snapshot') ?? [])
    const old = offsets.filter((offset) => offset <= this.#recoveryPoint)
    for (const offset of old.slice(0, -1)) this.#folder.removeLater(snapshotFile(offset))
  }

  async #syncSegments(): Promise<void> {
    const segments = [...this.#unsynced]
    this.#unsynced.clear()
    const hasNewNames = this.#hasNewNames
    this.#hasNewNames = false
    try {
      for (const segment of segments) await segment.file.sync()
      if (hasNewNames) await this.#folder.syncNames()
    } catch (error) {
      // what the kernel could not write it forgets: nobody knows what is on disk, so nothing more is taken
      this.#failure = error
      throw this.#storageError('cannot sync to disk, and takes nothing more until the broker is started again', error)
    }
  }

  /** Moves the high watermark and tells who waits. */
  #advance(): void {
    const isSynced = this.#config['flush.messages'] <= 1
    const highWatermark = isSynced ? Math.min(this.#flush.flushedOffset, this.#logEndOffset) : this.#logEndOffset
    if (highWatermark > this.#highWatermark) this.#highWatermark = highWatermark
    this.#producers.settle(this.#highWatermark)
    const stableOffset = this.lastStableOffset
    if (this.#highWatermark === this.#toldHighWatermark && stableOffset === this.#toldStableOffset) return
    this.#toldHighWatermark = this.#highWatermark
    this.#toldStableOffset = stableOffset
    this.#onAdvance(this)
  }

  #duplicateResult(duplicate: { firstOffset: number; lastOffset: number; timestamp: number }): AppendResult {
    const { firstOffset, lastOffset, timestamp } = duplicate
    return { baseOffset: firstOffset, lastOffset, logAppendTime: timestamp, logStartOffset: this.#logStartOffset, isDuplicate: true }
  }

  #readResult(records: Buffer, aborted: ReadRecords['abortedTransactions']): ReadRecords {
    const { highWatermark, lastStableOffset, logStartOffset } = this
    return { records, highWatermark, lastStableOffset, logStartOffset, abortedTransactions: aborted }
  }

  #checkUsable(): void {
    if (this.#failure === null) return
    throw this.#failure instanceof ApiError ? this.#failure : new ApiError(Errors.KAFKA_STORAGE_ERROR, `The disk of ${this.name} failed`)
  }

  #storageError(what: string, cause: unknown): ApiError {
    const why = cause instanceof Error ? cause.message : String(cause)
    this.#log.error(`${this.name} ${what}: ${why}`)
    return new ApiError(Errors.KAFKA_STORAGE_ERROR, `${this.name} ${what}: ${why}`)
  }

  #outOfRange(offset: number): ApiError {
    const message =
      `Received request for offset ${offset} for partition ${this.name}, ` +
      `but we only have log segments from offset ${this.#logStartOffset} up to ${this.#logEndOffset}.`
    return new ApiError(Errors.OFFSET_OUT_OF_RANGE, message)
  }
}
