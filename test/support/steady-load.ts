import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaError } from '../../src/kafka/errors.ts'
import type { Delivery, PartitionRecords, Producer, ProducerRecord, RecordHeader } from '../../src/kafka/ports.ts'

const NO_HEADERS: readonly RecordHeader[] = []

/** Writes 0, 1, 2 … to every partition of a topic until it is stopped, and checks what it is told of each record. */
export class SteadyLoad {
  readonly topic: string
  /** By partition: how many were sent, and acknowledged in order. */
  readonly sent: number[]
  readonly delivered: number[]
  readonly failures: KafkaError[] = []
  /** Records that were acknowledged twice or before an earlier one. */
  readonly disorder: string[] = []
  readonly #producer: Producer
  readonly #batch: number
  #isStopped = false
  #running: Promise<void> = Promise.resolve()

  /** @param batch records that each partition gets every 10 ms */
  constructor(producer: Producer, topic: string, partitions: number, batch: number) {
    this.#producer = producer
    this.topic = topic
    this.#batch = batch
    this.sent = new Array<number>(partitions).fill(0)
    this.delivered = new Array<number>(partitions).fill(0)
  }

  start(): this {
    this.#running = this.#run()
    return this
  }

  get total(): number {
    return this.sent.reduce((sum, count) => sum + count, 0)
  }

  /** Begins to write to partitions that were added. */
  widen(partitions: number): void {
    while (this.sent.length < partitions) {
      this.delivered.push(0)
      this.sent.push(0)
    }
  }

  /** Resolves when every record has an outcome. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
    await this.#producer.flush()
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      for (let partition = 0; partition < this.sent.length; partition++) {
        for (let count = 0; count < this.#batch; count++) {
          const record = new NumberedRecord(this, partition, this.sent[partition]!++)
          await this.#producer.send(record, record)
        }
      }
      await sleep(10)
    }
  }
}

class NumberedRecord implements ProducerRecord, Delivery {
  readonly timestamp = null
  readonly key = null
  readonly headers = NO_HEADERS
  readonly topic: string
  readonly partition: number
  readonly value: Buffer
  readonly #load: SteadyLoad
  readonly #number: number

  constructor(load: SteadyLoad, partition: number, number: number) {
    this.topic = load.topic
    this.partition = partition
    this.value = Buffer.from(String(number))
    this.#load = load
    this.#number = number
  }

  delivered(partition: number): void {
    const { delivered, disorder } = this.#load
    if (partition !== this.partition || delivered[partition] !== this.#number) disorder.push(`${this.partition}: ${this.#number}`)
    delivered[partition] = this.#number + 1
  }

  failed(error: KafkaError): void {
    this.#load.failures.push(error)
  }
}

/** What came of a steady load: the numbers of each partition, in order. */
export class NumbersRead {
  /** By partition: one above the highest number that came. */
  readonly upTo: number[] = []
  /** Numbers that came again, with those before them. */
  repeated = 0
  /** Numbers that were passed over: `partition: expected, came`. */
  readonly gaps: string[] = []

  take(batches: readonly PartitionRecords[]): void {
    for (const { partition, records } of batches) for (const { value } of records) this.#one(partition, Number(String(value)))
  }

  #one(partition: number, number: number): void {
    const expected = (this.upTo[partition] ??= 0)
    if (number < expected) this.repeated++
    else if (number > expected) this.gaps.push(`${partition}: ${expected}, ${number}`)
    this.upTo[partition] = Math.max(expected, number + 1)
  }
}
