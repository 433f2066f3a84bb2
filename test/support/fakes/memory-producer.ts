import { kafkaError, type KafkaError } from '../../../src/kafka/errors.ts'
import type { Delivery, Producer, ProducerRecord } from '../../../src/kafka/ports.ts'

interface SentRecord {
  readonly topic: string
  readonly partition: number | null
  readonly timestamp: number | null
  readonly key: string | null
  readonly value: string | null
}

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
  closedAfterMs: number | undefined

  send(record: ProducerRecord, delivery: Delivery): Promise<void> | undefined {
    const late = this.refuseLater(record)
    if (late !== null) return Promise.resolve().then(() => delivery.failed(late))
    const refusal = this.refuse(record)
    if (refusal !== null) {
      delivery.failed(refusal)
      return undefined
    }
    const { topic, partition, timestamp, key, value } = record
    this.sent.push({ topic, partition, timestamp, key: key?.toString() ?? null, value: value?.toString() ?? null })
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

  async close(timeoutMs?: number): Promise<void> {
    this.closedAfterMs = timeoutMs
    for (const delivery of this.waiting.splice(0)) delivery.failed(kafkaError(7))
  }
}
