import type { KafkaError } from '../kafka/errors.ts'
import type { Admin, Consumer, Delivery, Producer, TopicPartition } from '../kafka/ports.ts'
import type { OffsetEntry } from './offset-backing-store.ts'
import type { OffsetTable } from './offset-table.ts'

const pollMs = 1000

/**
 * The topic as a log that is appended to and read to its end. Owns its clients; calls of one method must not overlap.
 * Apache Kafka 4.3, KafkaBasedLog.
 */
export class OffsetTopicLog {
  readonly #topic: string
  readonly #producer: Producer
  readonly #consumer: Consumer
  readonly #admin: Admin
  #partitions: readonly TopicPartition[] = []

  constructor(parts: { readonly topic: string; readonly producer: Producer; readonly consumer: Consumer; readonly admin: Admin }) {
    this.#topic = parts.topic
    this.#producer = parts.producer
    this.#consumer = parts.consumer
    this.#admin = parts.admin
  }

  /**
   * Takes everything that is in the topic now into the table, and waits for the end of transactions that are open in it: what they wrote is
   * there or not, but never to be overlooked. @throws KafkaError
   */
  async readToEnd(table: OffsetTable): Promise<void> {
    if (this.#partitions.length === 0) await this.#assign()
    await this.#readTo(await this.#admin.listOffsets(this.#partitions.map((partition) => ({ ...partition, spec: 'latest' }))), table)
  }

  /** The same without the wait: a worker that died may have left a transaction open, which ends when its task starts again. */
  async readWhatIsCommitted(table: OffsetTable): Promise<void> {
    if (this.#partitions.length === 0) await this.#assign()
    await this.#readTo(await this.#consumer.endOffsets(this.#partitions), table)
  }

  async #readTo(ends: readonly (number | null)[], table: OffsetTable): Promise<void> {
    while (!(await this.#hasReached(ends))) await this.#poll(table)
  }

  /** Settles when the brokers have all entries. @throws KafkaError */
  async append(entries: readonly OffsetEntry[]): Promise<void> {
    const sends = new Sends(entries.length)
    for (const { key, value } of entries) {
      const waiting = this.#producer.send({ topic: this.#topic, partition: null, timestamp: null, key, value, headers: [] }, sends)
      if (waiting !== undefined) await waiting
    }
    await sends.done
  }

  async close(): Promise<void> {
    this.#consumer.wakeup()
    await Promise.all([this.#producer.close(), this.#consumer.close()])
  }

  async #assign(): Promise<void> {
    const partitions = (await this.#consumer.partitionsFor(this.#topic)).map((partition) => ({ topic: this.#topic, partition }))
    this.#consumer.assign(partitions)
    for (const partition of partitions) this.#consumer.seek(partition, 'beginning')
    this.#partitions = partitions
  }

  /** Positions, not the records seen: the last offset before the end may be one that compaction or a transaction marker has taken. */
  async #hasReached(ends: readonly (number | null)[]): Promise<boolean> {
    for (const [index, partition] of this.#partitions.entries()) {
      if ((await this.#consumer.position(partition)) < (ends[index] ?? 0)) return false
    }
    return true
  }

  async #poll(table: OffsetTable): Promise<void> {
    for (const { records } of await this.#consumer.poll(pollMs)) {
      for (const { key, value } of records) {
        if (key === null) continue
        const ownKey = Buffer.from(key) // records are views on a fetched batch
        if (value === null) table.delete(ownKey)
        else table.put({ key: ownKey, value: Buffer.from(value) })
      }
    }
  }
}

/** Outcome of all records of one append. */
class Sends implements Delivery {
  /** Settles when the last record is delivered, or the first fails. */
  readonly done: Promise<void>
  readonly #outcome = Promise.withResolvers<void>()
  #open: number

  constructor(count: number) {
    this.#open = count
    this.done = this.#outcome.promise
    this.done.catch(() => undefined) // awaited when all are sent; a failure before that is no unhandled one
    if (count === 0) this.#outcome.resolve()
  }

  delivered(): void {
    this.#open--
    if (this.#open === 0) this.#outcome.resolve()
  }

  failed(error: KafkaError): void {
    this.#outcome.reject(error)
  }
}
