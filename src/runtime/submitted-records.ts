import type { SourceOffset, SourcePartition, SourceRecord } from '../api/source.ts'
import type { KafkaError } from '../kafka/errors.ts'
import type { Delivery } from '../kafka/ports.ts'

/** A source offset that may be stored now. */
export interface CommittableOffset {
  readonly partition: SourcePartition
  /** Null: what is stored for the partition is to go. */
  readonly offset: SourceOffset | null
}

/** What the source task's loop does with the outcome of a record; both are called inside the producer's answer, per record. */
export interface SubmittedRecordListener {
  recordDelivered(record: SubmittedRecord, partition: number, offset: number, timestamp: number): void
  /** Must call `record.giveUp()` if the loss is tolerated. */
  recordFailed(record: SubmittedRecord, error: KafkaError): void
}

/** One record on its way to Kafka, in the queue of its source partition; the producer reports its outcome here. */
export class SubmittedRecord implements Delivery {
  /** The topic it was sent to, after transformations. */
  readonly topic: string
  readonly offset: SourceOffset | null
  /** The record as the task gave it; null where nobody will ask for it, so that it can be collected. */
  readonly source: SourceRecord | null
  acked = false
  readonly #queue: PartitionQueue

  constructor(queue: PartitionQueue, topic: string, offset: SourceOffset | null, source: SourceRecord | null) {
    this.#queue = queue
    this.topic = topic
    this.offset = offset
    this.source = source
  }

  /** The source partition it came from. */
  get partition(): SourcePartition {
    return this.#queue.partition
  }

  delivered(partition: number, offset: number, timestamp: number): void {
    if (this.source !== null) this.#queue.owner.listener.recordDelivered(this, partition, offset, timestamp)
    this.ack()
  }

  failed(error: KafkaError): void {
    this.#queue.owner.listener.recordFailed(this, error)
  }

  /** Kafka will not have the record, and that is tolerated and reported: its offset may go. */
  giveUp(): void {
    if (!this.acked) this.#queue.owner.gaveUp()
    this.ack()
  }

  /** Kafka has the record: its offset may go. */
  ack(): void {
    if (this.acked) return
    this.acked = true
    this.#queue.owner.acknowledged()
  }
}

/**
 * Which source offsets may be stored: this class is the argument for at-least-once.
 *
 * Each source partition has a queue of what was submitted, in order. An offset may be stored when its record and every earlier
 * one of its partition are acknowledged, so a record that Kafka does not take holds back its own partition and nothing else.
 * A record that was dropped before it was sent is never submitted; its offset is covered by the next one that is.
 * Apache Kafka 4.3, SubmittedRecords.
 */
export class SubmittedRecords {
  readonly listener: SubmittedRecordListener
  readonly #queues = new Map<string, PartitionQueue>()
  /** Tasks reuse their partition objects, so that identity finds the queue without building a key. */
  readonly #queuesByIdentity = new WeakMap<SourcePartition, PartitionQueue>()
  #lastPartition: SourcePartition | null = null
  #lastQueue: PartitionQueue | null = null
  #submitted = 0
  #settled = 0
  #givenUp = 0

  constructor(listener: SubmittedRecordListener) {
    this.listener = listener
  }

  /** Called by the task's loop just before it hands the record to the producer. */
  submit(partition: SourcePartition, offset: SourceOffset | null, topic: string, source: SourceRecord | null): SubmittedRecord {
    const queue = partition === this.#lastPartition && this.#lastQueue !== null ? this.#lastQueue : this.#queueOf(partition)
    const record = new SubmittedRecord(queue, topic, offset, source)
    queue.records.push(record)
    this.#submitted++
    return record
  }

  /** Records whose outcome is open. */
  get inFlight(): number {
    return this.#submitted - this.#settled
  }

  /** Records whose outcome is known. */
  get settled(): number {
    return this.#settled
  }

  /** Records that Kafka has. */
  get delivered(): number {
    return this.#settled - this.#givenUp
  }

  /** Called by a record, once. */
  acknowledged(): void {
    this.#settled++
  }

  /** Called by a record, once, before `acknowledged`. */
  gaveUp(): void {
    this.#givenUp++
  }

  /** The newest offset of each partition's acknowledged beginning; what it covers leaves the queues. */
  committableOffsets(): CommittableOffset[] {
    const committable: CommittableOffset[] = []
    for (const [key, queue] of this.#queues) {
      const newest = queue.takeAcknowledged()
      if (newest !== null) committable.push({ partition: queue.partition, offset: newest.offset })
      if (queue.records.length === 0 && queue !== this.#lastQueue) this.#retire(key, queue)
    }
    return committable
  }

  #retire(key: string, queue: PartitionQueue): void {
    queue.retired = true
    this.#queues.delete(key)
  }

  #queueOf(partition: SourcePartition): PartitionQueue {
    let queue = this.#queuesByIdentity.get(partition)
    if (queue === undefined || queue.retired) {
      const key = partitionKey(partition)
      queue = this.#queues.get(key) ?? new PartitionQueue(this, partition)
      this.#queues.set(key, queue)
      this.#queuesByIdentity.set(partition, queue)
    }
    this.#lastPartition = partition
    this.#lastQueue = queue
    return queue
  }
}

/** A queue as an array with a moving head: taking from the front costs nothing. */
class PartitionQueue {
  readonly owner: SubmittedRecords
  readonly partition: SourcePartition
  records: SubmittedRecord[] = []
  /** True: empty and dropped; an identity that still leads here must look again. */
  retired = false
  #head = 0

  constructor(owner: SubmittedRecords, partition: SourcePartition) {
    this.owner = owner
    this.partition = partition
  }

  /** @returns the last of the acknowledged beginning; null: there is none */
  takeAcknowledged(): SubmittedRecord | null {
    let newest: SubmittedRecord | null = null
    for (let record = this.records[this.#head]; record?.acked === true; record = this.records[this.#head]) {
      newest = record
      this.#head++
    }
    this.#dropTaken()
    return newest
  }

  #dropTaken(): void {
    if (this.#head < this.records.length && this.#head * 2 < this.records.length) return
    this.records = this.records.slice(this.#head)
    this.#head = 0
  }
}

/** Partitions are equal when their fields are, in any order. */
function partitionKey(partition: SourcePartition): string {
  const entries = Object.entries(partition).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(entries.map(([key, value]) => [key, typeof value === 'bigint' ? `${value}n` : value]))
}
