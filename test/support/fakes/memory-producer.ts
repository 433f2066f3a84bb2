import { illegalState, kafkaError, type KafkaError } from '../../../src/kafka/errors.ts'
import type { ConsumerGroupMetadata, Delivery, Producer, ProducerRecord, TopicPartitionOffset } from '../../../src/kafka/ports.ts'

interface SentRecord {
  readonly topic: string
  readonly partition: number | null
  readonly timestamp: number | null
  readonly key: string | null
  readonly value: string | null
}

interface MemoryTransaction {
  readonly records: SentRecord[]
  readonly offsets: { readonly group: ConsumerGroupMetadata; readonly offsets: readonly TopicPartitionOffset[] }[]
  state: 'open' | 'committed' | 'aborted'
  /** Why it can only be aborted. */
  failure: KafkaError | null
}

export type TransactionCall =
  'initTransactions' | 'beginTransaction' | 'sendOffsetsToTransaction' | 'commitTransaction' | 'abortTransaction'

/** A producer that keeps what it takes. By default it acknowledges at once; the test can hold acknowledgements back or refuse records. */
export class MemoryProducer implements Producer {
  readonly sent: SentRecord[] = []
  readonly waiting: Delivery[] = []
  /** True: records are taken but not acknowledged until `acknowledge`. */
  holding = false
  /** The error for a record, or null to take it. */
  refuse: (record: ProducerRecord) => KafkaError | null = () => null
  /** The same for a record that had to wait first. */
  refuseLater: (record: ProducerRecord) => KafkaError | null = () => null
  /** The error of a transaction method, or null to let it succeed. */
  refuseCall: (call: TransactionCall) => KafkaError | null = () => null
  /** Transaction methods in the order of their calls. */
  readonly calls: TransactionCall[] = []
  /** Every transaction that was begun; the last one may be open. Records sent outside of any are in `sent` alone. */
  readonly transactions: MemoryTransaction[] = []
  closedAfterMs: number | undefined

  send(record: ProducerRecord, delivery: Delivery): Promise<void> | undefined {
    const late = this.refuseLater(record)
    if (late !== null) return Promise.resolve().then(() => this.#fail(delivery, late))
    const refusal = this.refuse(record)
    if (refusal !== null) {
      this.#fail(delivery, refusal)
      return undefined
    }
    const { topic, partition, timestamp, key, value } = record
    const sent = { topic, partition, timestamp, key: key?.toString() ?? null, value: value?.toString() ?? null }
    this.sent.push(sent)
    this.#open()?.records.push(sent)
    if (this.holding) this.waiting.push(delivery)
    else delivery.delivered(0, this.sent.length - 1, timestamp ?? 0)
    return undefined
  }

  acknowledge(count = this.waiting.length): void {
    for (const delivery of this.waiting.splice(0, count)) delivery.delivered(0, 0, 0)
  }

  async flush(): Promise<void> {
    this.holding = false
  }

  async partitionsFor(): Promise<readonly number[]> {
    return [0]
  }

  async initTransactions(): Promise<void> {
    this.#called('initTransactions')
  }

  beginTransaction(): void {
    this.#called('beginTransaction')
    if (this.#open() !== undefined) throw illegalState('A transaction is open already')
    this.transactions.push({ records: [], offsets: [], state: 'open', failure: null })
  }

  async sendOffsetsToTransaction(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata): Promise<void> {
    this.#called('sendOffsetsToTransaction')
    this.#begun().offsets.push({ group, offsets })
  }

  /** Acknowledges what is held back first, as a flush does. */
  async commitTransaction(): Promise<void> {
    this.#called('commitTransaction')
    const transaction = this.#begun()
    this.acknowledge()
    if (transaction.failure !== null) throw transaction.failure
    transaction.state = 'committed'
  }

  /** What is held back fails. */
  async abortTransaction(): Promise<void> {
    this.#called('abortTransaction')
    const transaction = this.#begun()
    for (const delivery of this.waiting.splice(0)) delivery.failed(kafkaError(120))
    transaction.state = 'aborted'
  }

  async close(timeoutMs?: number): Promise<void> {
    this.closedAfterMs = timeoutMs
    const open = this.#open()
    if (open !== undefined) open.state = 'aborted'
    for (const delivery of this.waiting.splice(0)) delivery.failed(kafkaError(7))
  }

  #called(call: TransactionCall): void {
    this.calls.push(call)
    const refusal = this.refuseCall(call)
    if (refusal !== null) throw refusal
  }

  #open(): MemoryTransaction | undefined {
    return this.transactions.find(({ state }) => state === 'open')
  }

  #begun(): MemoryTransaction {
    const open = this.#open()
    if (open === undefined) throw illegalState('No transaction is open')
    return open
  }

  #fail(delivery: Delivery, error: KafkaError): void {
    const open = this.#open()
    if (open !== undefined) open.failure ??= error
    delivery.failed(error)
  }
}
