import { taskMetricIndex, type TaskMetrics } from '../../metrics/task-metrics.ts'

const failures = taskMetricIndex('total-record-failures')
const errors = taskMetricIndex('total-record-errors')
const skipped = taskMetricIndex('total-records-skipped')
const retries = taskMetricIndex('total-retries')
const logged = taskMetricIndex('total-errors-logged')
const requests = taskMetricIndex('deadletterqueue-produce-requests')
const refusals = taskMetricIndex('deadletterqueue-produce-failures')
const lastError = taskMetricIndex('last-error-timestamp')

/** `task-error-metrics` of one task. What counts as what is as in Apache Kafka 4.3, ErrorHandlingMetrics and its callers. */
export class ErrorMetrics {
  readonly #metrics: TaskMetrics

  constructor(metrics: TaskMetrics) {
    this.#metrics = metrics
  }

  /** One attempt failed. */
  recordFailure(): void {
    this.#metrics.add(failures, 1)
  }

  /** A record's conversion or transformation was given up, or its error failed the task. */
  recordError(): void {
    this.#metrics.add(errors, 1)
  }

  /** A record was given up, tolerated or not. @param at epoch ms */
  recordErrorTimestamp(at: number): void {
    this.#metrics.set(lastError, at)
  }

  recordSkipped(): void {
    this.#metrics.add(skipped, 1)
  }

  recordRetry(): void {
    this.#metrics.add(retries, 1)
  }

  recordErrorLogged(): void {
    this.#metrics.add(logged, 1)
  }

  recordDeadLetterQueueProduceRequest(): void {
    this.#metrics.add(requests, 1)
  }

  /** @param records that one attempt did not write */
  recordDeadLetterQueueProduceFailed(records = 1): void {
    this.#metrics.add(refusals, records)
  }
}
