import type { ConnectException } from '../../api/errors.ts'
import type { ErrantRecordReporter, SinkRecord } from '../../api/sink.ts'
import type { ConsumerRecord } from '../../kafka/ports.ts'
import type { RecordConverters } from '../record-converters.ts'
import type { ConsumedBytes } from './processing-context.ts'
import type { RecordFailure } from './processing-context.ts'
import type { RetryWithToleranceOperator } from './retry-with-tolerance-operator.ts'
import { toleranceExceeded } from './tolerance-exceeded.ts'

/** What logs and dead letter headers name as the class at work when a task reports a record. */
const sinkTaskClass = 'org.apache.kafka.connect.sink.SinkTask'

/**
 * Reports of single records by a sink task (KIP-610). Offsets wait for them; with tolerance none the first one also fails the task,
 * even where the task swallows the exception. Apache Kafka 4.3, WorkerErrantRecordReporter.
 */
export class WorkerErrantRecordReporter implements ErrantRecordReporter {
  readonly #operator: RetryWithToleranceOperator
  readonly #converters: RecordConverters
  /** The bytes each record came from, so that a report can show the original. */
  readonly #consumed = new WeakMap<SinkRecord, ConsumerRecord>()
  #intolerable: ConnectException | null = null

  constructor(operator: RetryWithToleranceOperator, converters: RecordConverters) {
    this.#operator = operator
    this.#converters = converters
  }

  /** Called by the loop for each record it is about to put. */
  remember(record: SinkRecord, consumed: ConsumerRecord): void {
    this.#consumed.set(record, consumed)
  }

  report(record: SinkRecord, error: Error): Promise<void> {
    const consumed = this.#consumed.get(record) ?? this.#serialized(record)
    const failure: RecordFailure = { stage: 'TASK_PUT', executing: sinkTaskClass, record: { consumed }, error }
    const reported = this.#operator.report(failure)
    if (this.#operator.tolerates(error)) return reported
    this.#intolerable = toleranceExceeded(failure)
    throw this.#intolerable
  }

  /** Called after `put` returned. @throws ConnectException when a report was not tolerable */
  throwIfIntolerable(): void {
    if (this.#intolerable !== null) throw this.#intolerable
  }

  /** A record the task made itself, in the bytes the converters give it. */
  #serialized(record: SinkRecord): ConsumedBytes {
    const { originalTopic: topic, originalKafkaPartition: partition, originalKafkaOffset: offset, timestamp, timestampType } = record
    return {
      topic,
      partition,
      offset,
      timestamp: timestamp ?? -1,
      timestampType,
      key: copyOf(this.#converters.keyToKafka(record)),
      value: copyOf(this.#converters.valueToKafka(record)),
      headers: this.#converters.headersToKafka(record),
    }
  }
}

/** Converters may return a view that their next call overwrites. */
function copyOf(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes)
}
