import { ConnectRecord, type ConnectRecordInit, type RecordChanges } from './connect-record.ts'
import type { Connector } from './connector.ts'
import type { Logger } from './logger.ts'
import type { Props } from './props.ts'
import type { Task } from './task.ts'

/** A partition of a Kafka topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A partition with the next offset to read: last record + 1. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number
}

/** Who set the timestamp: the producer, the broker, or nobody. */
export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'

/** What a sink record is made from. */
export interface SinkRecordInit extends ConnectRecordInit {
  readonly kafkaPartition: number
  readonly kafkaOffset: number
  readonly timestampType: TimestampType
}

/** A record read from Kafka. Offsets, and the topic and partition it really came from, survive transformations. */
export class SinkRecord extends ConnectRecord {
  readonly kafkaOffset: number
  readonly timestampType: TimestampType
  /** Topic before transformations: commit and pause by this one. */
  readonly originalTopic: string
  readonly originalKafkaPartition: number
  readonly originalKafkaOffset: number

  constructor(init: SinkRecordInit, original?: SinkRecord) {
    super(init)
    this.kafkaOffset = init.kafkaOffset
    this.timestampType = init.timestampType
    this.originalTopic = original === undefined ? init.topic : original.originalTopic
    this.originalKafkaPartition = original === undefined ? init.kafkaPartition : original.originalKafkaPartition
    this.originalKafkaOffset = original === undefined ? init.kafkaOffset : original.originalKafkaOffset
  }

  override newRecord(changes: RecordChanges): this {
    return new SinkRecord(this.changedInit(changes), this) as this
  }

  /** As `changed`, with the position in Kafka. Field by field: once a record and transformation, spreading costs a third more. */
  protected changedInit(changes: RecordChanges): SinkRecordInit {
    const { topic, kafkaPartition, keyData, valueData, timestamp, headers } = this.changed(changes)
    return {
      topic,
      kafkaPartition: kafkaPartition ?? this.originalKafkaPartition,
      keyData,
      valueData,
      timestamp,
      headers,
      kafkaOffset: this.kafkaOffset,
      timestampType: this.timestampType,
    }
  }
}

/** Reports single records of a batch as bad while the rest goes on (KIP-610). */
export interface ErrantRecordReporter {
  /**
   * Sends the record to the log and the dead letter queue, as configured.
   * @returns settles when the report is safe; offsets of the record are not committed before
   * @throws ConnectException at once when `errors.tolerance` is none
   */
  report(record: SinkRecord, error: Error): Promise<void>
}

/** What a sink task may ask of the runtime. Valid from `initialize` until `stop` has returned. */
export interface SinkTaskContext {
  /** The task's configuration with variables resolved. */
  configs(): Props
  readonly log: Logger
  /** Partitions the task owns now. */
  assignment(): readonly TopicPartition[]
  /** Read these partitions from other offsets before the next `put`. For tasks that keep offsets in the target system. */
  offset(offsets: readonly TopicPartitionOffset[]): void
  /** The next `put` comes after at most this many milliseconds, also without records. Once; used with RetriableException. */
  timeout(ms: number): void
  /** Deliver nothing of these partitions until `resume`. @throws IllegalWorkerStateException for one not assigned */
  pause(partitions: readonly TopicPartition[]): void
  /** Deliver again what was paused. @throws IllegalWorkerStateException for one not assigned */
  resume(partitions: readonly TopicPartition[]): void
  /** Commit offsets at the next opportunity, before the interval is over. */
  requestCommit(): void
  /** Null unless a dead letter queue or error log is configured. */
  readonly errantRecordReporter: ErrantRecordReporter | null
  /** Aborted when the task shall stop: waits inside `put` end then. */
  readonly signal: AbortSignal
}

/**
 * Writes to a target. The runtime calls, one at a time: `initialize` → `start` → `open(partitions)` →
 * (`put` after every poll, `preCommit` on the commit interval) … → `close(partitions)` → `stop`.
 * A rebalance is `preCommit`, `close` of what goes, `open` of what comes. Apache Kafka 4.3, SinkTask.
 */
export abstract class SinkTask implements Task {
  protected context!: SinkTaskContext

  /** Called once before `start`. */
  initialize(context: SinkTaskContext): void {
    this.context = context
  }

  /** Of the plugin. */
  abstract readonly version: string

  /** Connects and gets ready. @param props one of the connector's `taskConfigs`, variables resolved @throws any error fails the task */
  abstract start(props: Props): Promise<void> | void

  /** Partitions newly assigned; called before their first record. */
  open(_partitions: readonly TopicPartition[]): Promise<void> | void {}

  /**
   * Records in offset order per partition; also called with none, so that a task can do timed work. May buffer:
   * a record counts as written only when `preCommit` has returned its offset.
   * @throws RetriableException, or an error of sockets and files that passes: the batch is kept and put again;
   * DataException: the batch is put again in parts until the bad record is alone (`errors.put.bisect`); any other error fails the task
   */
  abstract put(records: readonly SinkRecord[]): Promise<void> | void

  /** Make everything given to `put` safe. Called by the default `preCommit`. Any error: nothing is committed, the consumer rewinds. */
  flush(_currentOffsets: readonly TopicPartitionOffset[]): Promise<void> | void {}

  /**
   * Offsets that are safe to commit now. Never called during `put`.
   * @param currentOffsets per original topic-partition, the next offset to read (last record put + 1)
   * @returns a subset to commit; an empty list means "commit nothing this time"
   * @throws any error: the commit is skipped and the consumer rewinds to the last committed offsets
   */
  async preCommit(currentOffsets: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]> {
    await this.flush(currentOffsets)
    return currentOffsets
  }

  /** Partitions taken away, after their last `preCommit`. Not called for more than `open` gave. */
  close(_partitions: readonly TopicPartition[]): Promise<void> | void {}

  /** Release what `start` took. Called once, after the last `close`; also after a failed `start`. */
  abstract stop(): Promise<void> | void
}

/** A connector whose tasks are sink tasks. */
export interface SinkConnector extends Connector {
  readonly kind: 'sink'
  /** As SourceConnector's: checks consumer offsets a user wants to set. */
  alterOffsets?(props: Props, offsets: ReadonlyMap<TopicPartition, number | null>): Promise<boolean> | boolean
}
