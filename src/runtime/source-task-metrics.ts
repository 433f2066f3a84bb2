import { taskMetricIndex, type TaskMetrics, type TaskPhase } from '../metrics/task-metrics.ts'

const pollTotal = taskMetricIndex('source-record-poll-total')
const writeTotal = taskMetricIndex('source-record-write-total')
const activeCount = taskMetricIndex('source-record-active-count')
const pollTime = taskMetricIndex('poll-time-ms-total')
const convertTime = taskMetricIndex('convert-time-ms-total')
const transformTime = taskMetricIndex('transform-time-ms-total')
const putTime = taskMetricIndex('put-time-ms-total')
const commitTime = taskMetricIndex('commit-time-ms-total')

/**
 * What a source's loop counts, and where its time goes. Called a few times a batch. Transforming, converting and handing over take turns
 * record by record, too fast to be timed each: one record a batch is, and the batch's time is divided as such samples were.
 */
export class SourceTaskMetrics {
  readonly #numbers: TaskMetrics
  #since = performance.now()
  #transformSample = 0
  #convertSample = 0
  #putSample = 0
  #sampledAt = 0
  /** True: the next record is timed. */
  isSampling = false

  constructor(numbers: TaskMetrics) {
    this.#numbers = numbers
  }

  idle(): void {
    this.#enter('idle')
  }

  polling(): void {
    this.#enter('poll')
  }

  /** poll() has returned or thrown. @param records how many it gave */
  polled(records: number): void {
    this.#numbers.add(pollTime, this.#lap())
    this.#numbers.add(pollTotal, records)
    this.#numbers.enter('convert', Date.now())
    this.isSampling = records > 0
    this.#sampledAt = this.#since
  }

  /** The sampled record was transformed. */
  sampledTransform(): void {
    this.#transformSample += this.#sample()
  }

  /** The sampled record was converted. */
  sampledConvert(): void {
    this.#convertSample += this.#sample()
  }

  /** The sampled record was handed to the producer. */
  sampledPut(): void {
    this.#putSample += this.#sample()
    this.isSampling = false
  }

  /** The producer is full, or does not know the topic yet. */
  waiting(): void {
    this.#divide(this.#lap())
    this.isSampling = false
    this.#numbers.enter('put', Date.now())
  }

  waited(): void {
    this.#numbers.add(putTime, this.#lap())
    this.#numbers.enter('convert', Date.now())
  }

  /** The batch is with the producer. */
  handedOver(): void {
    this.#divide(this.#lap())
    this.isSampling = false
  }

  /** @param written records that Kafka has @param active records polled whose outcome is open */
  progress(written: number, active: number): void {
    this.#numbers.set(writeTotal, written)
    this.#numbers.set(activeCount, active)
  }

  #enter(phase: TaskPhase): void {
    this.#since = performance.now()
    this.#numbers.enter(phase, Date.now())
  }

  #lap(): number {
    const now = performance.now()
    const spent = now - this.#since
    this.#since = now
    return spent
  }

  #sample(): number {
    const now = performance.now()
    const spent = now - this.#sampledAt
    this.#sampledAt = now
    return spent
  }

  #divide(spent: number): void {
    const sampled = this.#transformSample + this.#convertSample + this.#putSample
    if (sampled === 0) return
    this.#numbers.add(transformTime, (spent * this.#transformSample) / sampled)
    this.#numbers.add(convertTime, (spent * this.#convertSample) / sampled)
    this.#numbers.add(putTime, (spent * this.#putSample) / sampled)
  }
}

/** Offsets are stored beside the loop, whose phase stays what it is. */
export function addCommitTime(numbers: TaskMetrics, spentMs: number): void {
  numbers.add(commitTime, spentMs)
}
