import { ConnectException } from '../../api/errors.ts'
import type { ErrantRecordReporter, SinkRecord, TopicPartition } from '../../api/sink.ts'
import type { ConsumerRecord } from '../../kafka/ports.ts'
import type { PendingReports } from '../sink-offsets.ts'
import type { RetryWithToleranceOperator } from './retry-with-tolerance-operator.ts'

/**
 * Reports of single records by a sink task (KIP-610). Offsets wait for them; with tolerance none the first one also fails the task,
 * even where the task swallows the exception. Apache Kafka 4.3, WorkerErrantRecordReporter.
 */
export class WorkerErrantRecordReporter implements ErrantRecordReporter, PendingReports {
  readonly #operator: RetryWithToleranceOperator
  readonly #taskClass: string
  /** The bytes each record came from, so that a report can show the original. */
  readonly #consumed = new WeakMap<SinkRecord, ConsumerRecord>()
  readonly #pending = new Map<Promise<void>, SinkRecord>()
  #intolerable: unknown = null

  constructor(operator: RetryWithToleranceOperator, taskClass: string) {
    this.#operator = operator
    this.#taskClass = taskClass
  }

  /** Called by the loop for each record it is about to put. */
  remember(record: SinkRecord, consumed: ConsumerRecord): void {
    this.#consumed.set(record, consumed)
  }

  report(record: SinkRecord, error: Error): Promise<void> {
    const consumed = this.#consumed.get(record)
    const failed = consumed === undefined ? { sink: record } : { consumed }
    const reported = this.#operator.fail({ stage: 'TASK_PUT', executing: this.#taskClass, record: failed, error })
    if (!this.#operator.tolerates(error)) {
      this.#intolerable = error
      reported.catch(() => null) // thrown below, and again after put
      throw new ConnectException('Tolerance exceeded in error handler', { cause: error })
    }
    this.#pending.set(reported, record)
    return reported.finally(() => this.#pending.delete(reported))
  }

  /** Called after `put` returned. @throws ConnectException when a report was not tolerable */
  throwIfIntolerable(): void {
    if (this.#intolerable !== null) throw new ConnectException('Tolerance exceeded in error handler', { cause: this.#intolerable })
  }

  async await(partitions: readonly TopicPartition[]): Promise<void> {
    const concerned = [...this.#pending].filter(([, record]) =>
      partitions.some(({ topic, partition }) => topic === record.originalTopic && partition === record.originalKafkaPartition),
    )
    await Promise.all(concerned.map(([reported]) => reported))
  }
}
