import type { SinkRecord } from '../api/sink.ts'
import type { ConsumerRecord, PartitionRecords } from '../kafka/ports.ts'
import type { RetryWithToleranceOperator } from './errors/retry-with-tolerance-operator.ts'
import { InternalSinkRecord } from './internal-sink-record.ts'
import type { RecordConverters } from './record-converters.ts'
import type { SinkDelivery } from './sink-delivery.ts'
import type { SinkOffsets } from './sink-offsets.ts'
import type { SinkTaskMetrics } from './sink-task-metrics.ts'
import type { TransformationChain } from './transformation-chain.ts'

export interface SinkConversionParts {
  readonly converters: RecordConverters
  readonly chain: TransformationChain
  readonly operator: RetryWithToleranceOperator
  readonly offsets: SinkOffsets
  readonly delivery: SinkDelivery
  readonly metrics: SinkTaskMetrics
}

/**
 * Consumed bytes to records for `put`: key, value, headers, then the transformations. Runs of good records go through without a
 * promise; one that throws goes to the operator. Apache Kafka 4.3, WorkerSinkTask#convertMessages.
 */
export class SinkConversion {
  readonly #parts: SinkConversionParts
  #error: unknown = null
  /** The first record of each poll is timed, and tells how the time divides between converters and transformations. */
  #isTimed = false
  #convertMs = 0
  #transformMs = 0

  constructor(parts: SinkConversionParts) {
    this.#parts = parts
  }

  /** @throws ConnectException when a record cannot be converted and that is not tolerated */
  async convert(polled: readonly PartitionRecords[]): Promise<void> {
    const { metrics, offsets } = this.#parts
    this.#isTimed = true
    for (const { topic, partition, records } of polled) {
      await this.#convertPartition(records)
      const [first, last] = [records[0], records.at(-1)]
      if (first !== undefined && last !== undefined) offsets.consumed(topic, partition, first.offset, last.offset + 1)
    }
    const timed = this.#convertMs + this.#transformMs
    metrics.converted(timed === 0 ? 0 : this.#transformMs / timed)
  }

  async #convertPartition(records: readonly ConsumerRecord[]): Promise<void> {
    let next = 0
    while (next < records.length) {
      next = this.#convertRun(records, next)
      const failed = records[next]
      if (failed === undefined) continue
      await this.#parts.operator.recover({ consumed: failed }, this.#error, () => this.#accept(this.#converted(failed)))
      next++
    }
  }

  /** Converts from there on. @returns the index of the record that threw, or their number */
  #convertRun(records: readonly ConsumerRecord[], from: number): number {
    let index = from
    try {
      for (; index < records.length; index++) {
        const record = records[index]
        if (record === undefined) continue
        if (this.#isTimed) this.#acceptTimed(record)
        else this.#accept(this.#converted(record))
      }
    } catch (error) {
      this.#error = error
    }
    this.#parts.operator.succeeded(index - from)
    return index
  }

  #converted(consumed: ConsumerRecord): SinkRecord {
    const { converters } = this.#parts
    return new InternalSinkRecord(
      {
        topic: consumed.topic,
        kafkaPartition: consumed.partition,
        keyData: converters.keyFromKafka(consumed),
        valueData: converters.valueFromKafka(consumed),
        headers: converters.headersFromKafka(consumed),
        kafkaOffset: consumed.offset,
        timestamp: consumed.timestamp < 0 ? null : consumed.timestamp,
        timestampType: consumed.timestampType,
      },
      consumed,
    )
  }

  #accept(converted: SinkRecord): true {
    const transformed = this.#parts.chain.apply(converted)
    if (transformed !== null) this.#parts.delivery.add(transformed)
    return true
  }

  #acceptTimed(record: ConsumerRecord): void {
    this.#isTimed = false
    const start = performance.now()
    const converted = this.#converted(record)
    const between = performance.now()
    this.#accept(converted)
    this.#convertMs = between - start
    this.#transformMs = performance.now() - between
  }
}
