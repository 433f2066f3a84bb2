import type { Delivery, Producer } from '../kafka/ports.ts'
import type { OffsetBackingStore, OffsetEntry } from './offset-backing-store.ts'

/** Outcomes are the transaction's: its commit fails when one record did. */
const untold: Delivery = { delivered: () => undefined, failed: () => undefined }

/**
 * Writes a source task's offsets to the offset topic inside the transaction that its producer has open, so that records and offsets are
 * committed together or not at all. Apache Kafka 4.3, ConnectorOffsetBackingStore and ExactlyOnceWorkerSourceTask.
 */
export class TransactionOffsets implements Pick<OffsetBackingStore, 'set'> {
  readonly #producer: Pick<Producer, 'send'>
  readonly #topic: string

  constructor(producer: Pick<Producer, 'send'>, topic: string) {
    this.#producer = producer
    this.#topic = topic
  }

  /** Settles when the producer has taken them; they are safe when the transaction is committed. */
  async set(entries: readonly OffsetEntry[]): Promise<void> {
    for (const { key, value } of entries) {
      const record = { topic: this.#topic, partition: null, timestamp: null, key, value, headers: [] }
      await this.#producer.send(record, untold)
    }
  }
}
