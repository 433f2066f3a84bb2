/**
 * The only Kafka the rest of standpipe knows. Offsets and timestamps are `number` (exact to 2^53).
 * Everything that can fail throws or rejects with `KafkaError`.
 */
import type { Logger } from '../api/logger.ts'
import type { TimestampType, TopicPartition, TopicPartitionOffset } from '../api/sink.ts'
import type { KafkaError } from './errors.ts'

export type { TimestampType, TopicPartition, TopicPartitionOffset }

/** A client's configuration: Java's keys and texts. Parsed by the ConfigDefs of `kafka/config` when the client is created. */
export type ClientProps = Readonly<Record<string, string>>

/** How many bytes a client may hold beside its own keys `buffer.memory` and `fetch.max.bytes`: the smaller one counts. */
export interface InflightBytes {
  /** Most bytes at one time; one batch or record more is always possible, so that the largest goes through. Changes at any time. */
  readonly limit: number
  /** Called by the client with what came, and negative with what went, a few times a batch. */
  add(bytes: number): void
}

/** Creates clients and owns none of them. One per process; configurations are plain, so that each lane can have its own. */
export interface KafkaClients {
  /**
   * @param inflight bounds what is accepted and not acknowledged; absent: `buffer.memory` alone does
   * @throws ConfigException for a key that cannot be used
   */
  producer(props: ClientProps, log: Logger, inflight?: InflightBytes): Promise<Producer>
  /** @param inflight bounds what is fetched and not done with, which it is when `poll` is called again; absent: nothing bounds it */
  consumer(props: ClientProps, log: Logger, inflight?: InflightBytes): Promise<Consumer>
  admin(props: ClientProps, log: Logger): Promise<Admin>
}

/** Order and duplicates are kept. */
export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

/** A record to send. Its bytes are copied inside `send`, so that object and buffers may be reused once `send` is done with it. */
export interface ProducerRecord {
  readonly topic: string
  /** Null: the partitioner decides. */
  readonly partition: number | null
  /** Epoch milliseconds; null: now, taken inside `send`. */
  readonly timestamp: number | null
  readonly key: Buffer | null
  /** Null: a tombstone. */
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/** Outcome of one record. Implemented by the submitted record itself, so that the hot path creates no promise and no closure. */
export interface Delivery {
  /** @param offset -1: unknown (acks=0, or a duplicate the broker had already) */
  delivered(partition: number, offset: number, timestamp: number): void
  failed(error: KafkaError): void
}

/** Identity of a group member, for offsets sent inside a transaction. */
export interface ConsumerGroupMetadata {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface Producer {
  /**
   * Takes a record. One call at a time: await a returned promise before the next call.
   * @returns undefined when the record was taken or refused at once; a promise when it had to wait (metadata unknown, explicit partition
   * beyond the known count, `buffer.memory` full), settled when it was taken or refused, bounded by `max.block.ms`
   * @throws KafkaError only for misuse (closed, fatal or abortable state, no transaction begun); what is wrong with the record goes to
   * `delivery.failed`, and makes a transaction one that can only be aborted
   */
  send(record: ProducerRecord, delivery: Delivery): Promise<void> | undefined
  /** Resolves when everything accepted before the call is delivered or failed; does not reject. */
  flush(): Promise<void>
  /** Partitions of a topic, waiting up to `max.block.ms` for metadata. */
  partitionsFor(topic: string): Promise<readonly number[]>
  /**
   * Registers the `transactional.id`: fences older producers of that id and ends what they left open (committed when the commit had begun,
   * else aborted). Once, before anything is sent. Waits up to `max.block.ms`; after a TimeoutException it may be called again, and nothing else.
   * @throws KafkaError without a `transactional.id`, or called twice (ILLEGAL_STATE); not allowed (`auth`); `fenced`
   */
  initTransactions(): Promise<void>
  /**
   * From here on what is sent belongs to one transaction. Local: nothing is asked of a broker.
   * @throws KafkaError in the wrong state (ILLEGAL_STATE) or after a fatal error
   */
  beginTransaction(): void
  /**
   * Commits a group's offsets when, and only when, the transaction commits: for those who read, transform and write.
   * One call of a transaction method at a time. Waits up to `max.block.ms`.
   * @param offsets next offsets to read; none: nothing happens
   * @param group as `Consumer.groupMetadata` tells it; generation -1 and an empty member id: not checked against the group's members
   * @throws KafkaError `abortable` when the member is no longer in its generation or may not commit: abort, and begin again; else fatal
   */
  sendOffsetsToTransaction(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata): Promise<void>
  /**
   * Flushes, then makes all of the transaction visible to read_committed consumers at once. Every delivery was told before it settles.
   * Waits up to `max.block.ms` for all of that; after a TimeoutException it goes on, and must be called again: the outcome is not known yet.
   * @throws KafkaError `abortable` when a record failed, with its error as cause, or the coordinator refused: call `abortTransaction`;
   * `fenced`, or neither `abortable` nor `retriable`: the producer is of no more use, close it; the transaction is or will be aborted
   */
  commitTransaction(): Promise<void>
  /**
   * Drops what is unsent (those deliveries fail with TransactionAbortedException), waits for what is on its way and ends the transaction,
   * so that read_committed consumers never see any of it. The producer is ready for the next `beginTransaction` then. Time-outs as in commit.
   * @throws KafkaError in the wrong state (ILLEGAL_STATE), `fenced`, or another fatal error
   */
  abortTransaction(): Promise<void>
  /**
   * Flushes for up to `timeoutMs` (default 30 s), then fails the rest with TimeoutException. An open transaction is aborted, its unsent
   * records fail. Idempotent.
   */
  close(timeoutMs?: number): Promise<void>
}

/** One consumed record. `key`, `value` and header values are views on the fetched buffer: copy what outlives the batch. */
export interface ConsumerRecord extends TopicPartition {
  readonly offset: number
  /** -1: none. */
  readonly timestamp: number
  readonly timestampType: TimestampType
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

export interface PartitionRecords extends TopicPartition {
  readonly records: readonly ConsumerRecord[]
}

/** Called only inside `poll` and `close`, one at a time, awaited. */
export interface RebalanceListener {
  onPartitionsRevoked(partitions: readonly TopicPartition[]): Promise<void>
  onPartitionsAssigned(partitions: readonly TopicPartition[]): Promise<void>
  /** The generation is gone: commits no longer succeed. */
  onPartitionsLost(partitions: readonly TopicPartition[]): Promise<void>
}

/** A pull-style consumer: `poll` drives joins, callbacks and positions; fetching runs beside it. One call at a time, except `wakeup`. */
export interface Consumer {
  /** Joins the group at the next poll. A predicate follows topics as they come and go (never internal ones). */
  subscribe(topics: readonly string[] | ((topic: string) => boolean), listener: RebalanceListener): void
  /** Reads these partitions without a group. Not together with `subscribe`. */
  assign(partitions: readonly TopicPartition[]): void
  assignment(): readonly TopicPartition[]
  /**
   * Returns at once when records are buffered, else waits up to `timeoutMs`; an empty array is normal.
   * @throws WakeupException after `wakeup`, once; no record is lost
   */
  poll(timeoutMs: number): Promise<readonly PartitionRecords[]>
  /** Makes the current or next poll reject with WakeupException. Safe at any time. */
  wakeup(): void
  /** Keeps buffered records and fetches no more of these until `resume`. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  seek(partition: TopicPartition, to: number | 'beginning' | 'end'): void
  /** Offset of the next record `poll` can return. */
  position(partition: TopicPartition): Promise<number>
  /** As `position`, without asking anybody: it goes back by itself when a log was cut off. Null: it is not known now. */
  knownPosition(partition: TopicPartition): number | null
  /** Records behind the positions of all assigned partitions, as far as the last answers of the brokers tell; those not asked yet count 0. */
  lag(): number
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>
  committed(partitions: readonly TopicPartition[]): Promise<readonly (TopicPartitionOffset | null)[]>
  beginningOffsets(partitions: readonly TopicPartition[]): Promise<readonly number[]>
  endOffsets(partitions: readonly TopicPartition[]): Promise<readonly number[]>
  offsetsForTimes(times: readonly (TopicPartition & { readonly timestamp: number })[]): Promise<readonly (number | null)[]>
  partitionsFor(topic: string): Promise<readonly number[]>
  groupMetadata(): ConsumerGroupMetadata
  /** Revokes, leaves the group (dynamic members), bounded by `timeoutMs` (default 30 s). Idempotent. */
  close(timeoutMs?: number): Promise<void>
}

export interface KafkaNode {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface TopicDescription {
  readonly name: string
  readonly internal: boolean
  readonly partitions: readonly {
    readonly partition: number
    readonly leader: number
    readonly replicas: readonly number[]
    readonly isr: readonly number[]
  }[]
}

export interface NewTopic {
  readonly name: string
  /** -1: the broker's default. */
  readonly partitions: number
  /** -1: the broker's default. */
  readonly replicationFactor: number
  readonly configs?: Readonly<Record<string, string>>
}

export interface GroupDescription {
  readonly groupId: string
  /** Kafka's text: Stable, Empty, Dead, PreparingRebalance, CompletingRebalance. */
  readonly state: string
  readonly protocolType: string
  readonly members: readonly {
    readonly memberId: string
    readonly clientId: string
    readonly clientHost: string
    readonly groupInstanceId: string | null
  }[]
}

export type IsolationLevel = 'read_uncommitted' | 'read_committed'

export interface Admin {
  describeCluster(): Promise<{ readonly clusterId: string; readonly controllerId: number; readonly nodes: readonly KafkaNode[] }>
  listTopics(): Promise<readonly string[]>
  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicDescription | KafkaError>>
  /** Waits until metadata shows a leader for what was created. */
  createTopics(topics: readonly NewTopic[]): Promise<ReadonlyMap<string, 'created' | 'exists' | KafkaError>>
  deleteTopics(names: readonly string[]): Promise<ReadonlyMap<string, 'deleted' | KafkaError>>
  topicConfigs(name: string): Promise<ReadonlyMap<string, string | null>>
  /** In the order asked. Null: no record is that late. One partition may be asked for several offsets. */
  listOffsets(
    query: readonly (TopicPartition & { readonly spec: 'earliest' | 'latest' | number })[],
    isolation?: IsolationLevel,
  ): Promise<readonly (number | null)[]>
  groupOffsets(group: string): Promise<readonly TopicPartitionOffset[]>
  describeGroup(group: string): Promise<GroupDescription>
  /** @throws KafkaError when the group has members */
  alterGroupOffsets(group: string, offsets: readonly TopicPartitionOffset[]): Promise<void>
  deleteGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void>
  deleteGroups(groups: readonly string[]): Promise<void>
  deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void>
  /** Every `transactional.id` that begins so and was used within `transactional.id.expiration.ms`, also without an open transaction. */
  listTransactions(idPrefix: string): Promise<readonly string[]>
  /**
   * Ends open transactions of these ids and fences their producers, whose next call rejects with a `fenced` error. An id that was never
   * used is registered by it. Used to end a zombie before its successor starts.
   */
  fenceProducers(transactionalIds: readonly string[]): Promise<void>
  close(): Promise<void>
}
