import { ConnectException, RetriableException } from '../../api/errors.ts'
import type { ErrantRecordReporter, SinkRecord } from '../../api/sink.ts'
import { InternalSinkRecord } from '../internal-sink-record.ts'
import type { RecordConverters } from '../record-converters.ts'
import { faultKindOf } from './fault-kind.ts'
import type { ConsumedBytes, RecordFailure } from './processing-context.ts'
import type { RetryWithToleranceOperator } from './retry-with-tolerance-operator.ts'

/** What logs and dead letter headers name as the class at work when a task refuses a record. */
export const sinkTaskClass = 'org.apache.kafka.connect.sink.SinkTask'

/** What a task reported during one `put`. */
export interface PutReports {
  readonly reported: readonly SinkRecord[]
  /** The outage that it took for bad records; null: none. */
  readonly outage: Error | null
  /** What fails the task; null: nothing. */
  readonly intolerable: ConnectException | null
}

/**
 * Reports of single records by a sink task (KIP-610). Offsets wait for them; one that is not tolerated also fails the task, even where
 * the task swallows the exception. Apache Kafka 4.3, WorkerErrantRecordReporter.
 *
 * One departure: a record that is reported because another system is out is not a bad record and reaches no reporter. Inside of `put`
 * that counts as a failed `put`, and the batch is kept; a report after it can only fail the task, which reads the record again.
 */
export class WorkerErrantRecordReporter implements ErrantRecordReporter {
  readonly #operator: RetryWithToleranceOperator
  readonly #converters: RecordConverters
  #isInPut = false
  #reported: SinkRecord[] = []
  #outage: Error | null = null
  #intolerable: ConnectException | null = null

  constructor(operator: RetryWithToleranceOperator, converters: RecordConverters) {
    this.#operator = operator
    this.#converters = converters
  }

  report(record: SinkRecord, error: Error): Promise<void> {
    if (faultKindOf(error) === 'system') throw this.#refuse(error)
    const consumed = consumedBytesOf(record, this.#converters)
    const failure: RecordFailure = { stage: 'TASK_PUT', executing: sinkTaskClass, record: { consumed }, error }
    const reported = this.#operator.report(failure)
    if (this.#operator.tolerates(error)) {
      if (this.#isInPut) this.#reported.push(record)
      return reported
    }
    this.#intolerable = this.#operator.intolerable(failure)
    throw this.#intolerable
  }

  #refuse(error: Error): ConnectException {
    const text = `A record was reported as bad because another system is out: ${error.message}`
    if (this.#isInPut) {
      this.#outage = error
      return new RetriableException(text, { cause: error })
    }
    this.#intolerable = new ConnectException(`${text}. It is read again after the restart of the task`, { cause: error })
    return this.#intolerable
  }

  beginPut(): void {
    this.#isInPut = true
  }

  /** Called after each `put`, whether it failed or not. @returns what the task reported meanwhile */
  endPut(): PutReports {
    const { intolerable } = this
    const ended = { reported: this.#reported, outage: this.#outage, intolerable }
    this.#isInPut = false
    this.#reported = []
    this.#outage = null
    return ended
  }

  /** Not null: a report was not tolerable, and the task fails once all reports are safe. Nothing may be committed any more. */
  get intolerable(): ConnectException | null {
    return this.#intolerable
  }
}

/** The bytes a record came from; for one that a task or transformation made anew, those that the converters give it. */
export function consumedBytesOf(record: SinkRecord, converters: RecordConverters): ConsumedBytes {
  if (record instanceof InternalSinkRecord) return record.consumed
  const { originalTopic: topic, originalKafkaPartition: partition, originalKafkaOffset: offset, timestamp, timestampType } = record
  return {
    topic,
    partition,
    offset,
    timestamp: timestamp ?? -1,
    timestampType,
    key: copyOf(converters.keyToKafka(record)),
    value: copyOf(converters.valueToKafka(record)),
    headers: converters.headersToKafka(record),
  }
}

/** Converters may return a view that their next call overwrites. */
function copyOf(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes)
}
