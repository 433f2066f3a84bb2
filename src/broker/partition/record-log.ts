import type { ErrorNumber } from '../protocol/errors.ts'

export type TransactionOutcome = 'commit' | 'abort'
export type Isolation = 'read_uncommitted' | 'read_committed'

export interface AppendedRecords {
  readonly baseOffset: number
  readonly lastOffset: number
  /** Milliseconds since 1970 with message.timestamp.type=LogAppendTime, -1 otherwise. */
  readonly logAppendTime: number
  readonly logStartOffset: number
}

export interface ReadRecords {
  /** Whole batches; the first may begin before the offset that was asked for. */
  readonly records: Buffer | readonly Buffer[]
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** With read_committed: transactions of these records that were aborted; null otherwise. */
  readonly abortedTransactions: { producerId: number; firstOffset: number }[] | null
}

export interface OffsetAndTime {
  readonly offset: number
  readonly timestamp: number
}

/** Where the records end that were written under a leader epoch. */
export interface EpochEnd {
  readonly leaderEpoch: number
  readonly endOffset: number
}

/** A producer that a partition remembers. */
export interface KnownProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestamp: number
  readonly coordinatorEpoch: number
  /** -1: no transaction is open here. */
  readonly currentTxnStartOffset: number
}

/** One partition's records, as far as clients' requests need them. Methods throw ApiError. */
export interface RecordLog {
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly sizeBytes: number
  /** The leader epoch that is current. */
  readonly leaderEpoch: number
  /** The one that the record with this offset was written under. */
  leaderEpochAt(offset: number): number
  /** Of the largest epoch that is not larger than this one; null for an epoch that never was. */
  endOfLeaderEpoch(epoch: number): EpochEnd | null
  /** Checks and appends; offsets are written into `records`, which belong to the log from now on. */
  append(records: Buffer): AppendedRecords
  /** Appends the marker that ends a transaction here; returns its offset. */
  appendMarker(producerId: number, producerEpoch: number, outcome: TransactionOutcome, coordinatorEpoch: number): number
  /** Resolves when everything before `offset` is as safe as the flush policy asks; null when it is. */
  whenSafe(offset: number): Promise<void> | null
  read(
    offset: number,
    maxBytes: number,
    options: { readonly isolation: Isolation; readonly minOneBatch: boolean },
  ): ReadRecords | Promise<ReadRecords>
  offsetForTime(timestamp: number): Promise<OffsetAndTime | null>
  /** Null for an empty partition. */
  offsetOfMaxTimestamp(): OffsetAndTime | null | Promise<OffsetAndTime | null>
  /** Returns the new log start offset. */
  deleteRecordsBefore(offset: number): number
  producers(): readonly KnownProducer[]
}

export interface RecordTopic {
  readonly name: string
  readonly id: string
  readonly minInsyncReplicas: number
  readonly partitions: readonly RecordLog[]
}

export interface RecordTopics {
  get(name: string): RecordTopic | null
  byId(id: string): RecordTopic | null
  partition(topic: string, index: number): RecordLog | null
  all(): Iterable<RecordTopic>
}

/** Whether a producer may add records of a transaction to a partition. */
export interface TransactionChecks {
  verifyPartition(transactionalId: string, producerId: number, producerEpoch: number, topic: string, partition: number): ErrorNumber
}
