import { ConnectRecord, type ConnectRecordInit, type RecordChanges } from './connect-record.ts'
import type { Connector } from './connector.ts'
import type { Logger } from './logger.ts'
import type { Props } from './props.ts'
import type { Task } from './task.ts'

/** Names a part of the source, such as one file or one table. String keys; string, number, bigint, boolean or null values. */
export type SourcePartition = Readonly<Record<string, OffsetValue>>
/** A position inside a source partition. Same value types. Compared and stored as JSON. */
export type SourceOffset = Readonly<Record<string, OffsetValue>>
/** What partitions and offsets may hold: whatever JSON keeps exactly. */
export type OffsetValue = string | number | bigint | boolean | null

/** What a source record is made from. */
export interface SourceRecordInit extends ConnectRecordInit {
  readonly sourcePartition: SourcePartition
  /** Null: forget where the partition was read to. */
  readonly sourceOffset: SourceOffset | null
}

/**
 * A record read from a source. `sourceOffset` is where reading goes on after this record:
 * it is stored only when this and all earlier records of its partition are acknowledged by Kafka.
 * Reuse one `sourcePartition` object for all records of a partition: identity is the fast path.
 */
export class SourceRecord extends ConnectRecord {
  readonly sourcePartition: SourcePartition
  readonly sourceOffset: SourceOffset | null

  constructor(init: SourceRecordInit) {
    super(init)
    this.sourcePartition = init.sourcePartition
    this.sourceOffset = init.sourceOffset
  }

  override newRecord(changes: RecordChanges): this {
    const init = { ...this.changed(changes), sourcePartition: this.sourcePartition, sourceOffset: this.sourceOffset }
    return new SourceRecord(init) as this
  }
}

/** Where a record ended up in Kafka. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** -1: the broker did not say (acks=0, or a duplicate it had already). */
  readonly offset: number
  readonly timestamp: number
}

/** A task's view of the stored offsets. */
export interface OffsetStorageReader {
  /** The stored offset of that partition, null when there is none. Integers come back as `number` up to 2^53, else `bigint`. */
  offset(partition: SourcePartition): Promise<SourceOffset | null>
  /** The same for many partitions, in the same order. */
  offsets(partitions: readonly SourcePartition[]): Promise<readonly (SourceOffset | null)[]>
}

/**
 * How a task says where its transactions end, when the worker delivers exactly once and its connector has `transaction.boundary=connector`.
 * Called inside `poll`. What is not ended when the connector is paused stays open, and is aborted by Kafka after `transaction.timeout.ms`: the task
 * then fails when it goes on, and its next start reads those records again. Apache Kafka 4.3, TransactionContext.
 */
export interface TransactionContext {
  /** Commits behind that record, which the same `poll` returns; absent: behind all that it returns. */
  commitTransaction(last?: SourceRecord): void
  /**
   * Aborts behind that record, or behind all that this `poll` returns: nobody reads the transaction's records, and they are not read from
   * the source again, for their offsets are stored. To have them read again, throw.
   */
  abortTransaction(last?: SourceRecord): void
}

/** What a source task may ask of the runtime. Valid from `initialize` until `stop` has returned. */
export interface SourceTaskContext {
  /** The task's configuration with variables resolved. */
  configs(): Props
  readonly log: Logger
  readonly offsetStorageReader: OffsetStorageReader
  /** Null: transactions, if there are any, end where the runtime says. */
  readonly transactionContext: TransactionContext | null
  /** Aborted when the task shall stop: every wait inside `poll` ends then (where Java interrupts the thread). */
  readonly signal: AbortSignal
}

/**
 * Reads from a source. The runtime calls, one at a time, never concurrently unless said:
 * `initialize` → `start` → (`poll`, then `commitRecord` for each of its records as Kafka acknowledges it, `commit` after
 * offsets were stored) … → `stop`. `commitRecord` and `commit` run between or during polls. Apache Kafka 4.3, SourceTask.
 */
export abstract class SourceTask implements Task {
  protected context!: SourceTaskContext

  /** Called once before `start`. */
  initialize(context: SourceTaskContext): void {
    this.context = context
  }

  /** Of the plugin. */
  abstract readonly version: string

  /** Connects and gets ready. @param props one of the connector's `taskConfigs`, variables resolved @throws any error fails the task */
  abstract start(props: Props): Promise<void> | void

  /**
   * The next records, in order. Should wait a second or so when there is nothing and then return null, because the
   * runtime calls again at once. An empty array is legal.
   * @throws RetriableException logged, and poll is called again after a pause; anything else fails the task
   */
  abstract poll(): Promise<readonly SourceRecord[] | null>

  /**
   * Called once per record when Kafka has it, or with null when the record was dropped by a transformation or by tolerance.
   * Errors are logged and ignored. The runtime does not call it at all where a task does not override it.
   */
  commitRecord(_record: SourceRecord, _metadata: RecordMetadata | null): void {}

  /** Called after the offsets of earlier records were stored. Errors are logged and ignored. */
  commit(): Promise<void> | void {}

  /** Release what `start` took. Called once, after the last poll; also after a failed `start`. */
  abstract stop(): Promise<void> | void
}

/** A connector whose tasks are source tasks. */
export interface SourceConnector extends Connector {
  readonly kind: 'source'
  /**
   * Whether tasks of this configuration go on exactly behind the last stored offset after a restart. Asked when `exactly.once.support` is
   * required. Null, or not implemented: not known.
   */
  exactlyOnceSupport?(props: Props): 'supported' | 'unsupported' | null
  /** Whether tasks of this configuration use the `TransactionContext`. Asked when `transaction.boundary` is connector. Not implemented: false. */
  canDefineTransactionBoundaries?(props: Props): boolean
  /**
   * Checks offsets a user wants to set through the offsets API.
   * @returns true when the connector knows them to be right
   * @throws ConnectException when they are wrong
   */
  alterOffsets?(props: Props, offsets: ReadonlyMap<SourcePartition, SourceOffset | null>): Promise<boolean> | boolean
}
