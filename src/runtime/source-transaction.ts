import type { Delivery, Producer, ProducerRecord } from '../kafka/ports.ts'

/**
 * The transactions of one source task, one after the other: one begins with the first record sent behind the end of the last.
 * Stands in for the producer where records and offsets are sent.
 */
export class SourceTransaction implements Pick<Producer, 'send' | 'flush' | 'close'> {
  /** The `transactional.id`. */
  readonly id: string
  /** After so long Kafka aborts a transaction that is still open. */
  readonly timeoutMs: number
  readonly #producer: Producer
  readonly #now: () => number
  #isOpen = false
  #openedAt = 0
  #records = 0

  /** @param now as `performance.now` */
  constructor(parts: { readonly producer: Producer; readonly id: string; readonly timeoutMs: number; readonly now?: () => number }) {
    this.#producer = parts.producer
    this.id = parts.id
    this.timeoutMs = parts.timeoutMs
    this.#now = parts.now ?? (() => performance.now())
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Records sent in the open transaction, those of offsets included. */
  get records(): number {
    return this.#records
  }

  /** True: the transaction is open for longer than Kafka allows. */
  get isOverdue(): boolean {
    return this.#isOpen && this.#now() - this.#openedAt >= this.timeoutMs
  }

  /** See `Producer.initTransactions`. */
  init(): Promise<void> {
    return this.#producer.initTransactions()
  }

  send(record: ProducerRecord, delivery: Delivery): Promise<void> | undefined {
    if (!this.#isOpen) this.#begin()
    this.#records++
    return this.#producer.send(record, delivery)
  }

  flush(): Promise<void> {
    return this.#producer.flush()
  }

  /** @throws KafkaError; the transaction then counts as open still, and is to be aborted */
  async commit(): Promise<void> {
    await this.#producer.commitTransaction()
    this.#isOpen = false
  }

  async abort(): Promise<void> {
    await this.#producer.abortTransaction()
    this.#isOpen = false
  }

  close(timeoutMs?: number): Promise<void> {
    return this.#producer.close(timeoutMs)
  }

  #begin(): void {
    this.#producer.beginTransaction()
    this.#isOpen = true
    this.#openedAt = this.#now()
    this.#records = 0
  }
}
