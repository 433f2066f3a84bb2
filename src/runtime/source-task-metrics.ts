import { taskMetricIndex, type TaskMetrics } from '../metrics/task-metrics.ts'
import { PhaseClock, phaseTimeIndex } from './phase-clock.ts'

const pollTotal = taskMetricIndex('source-record-poll-total')
const writeTotal = taskMetricIndex('source-record-write-total')
const activeCount = taskMetricIndex('source-record-active-count')

/**
 * What a source's loop counts, and where its time goes. Called a few times a batch. Transforming, converting and handing over take turns
 * record by record, too fast to be timed each: one record a batch is, and the batch's time is divided as such samples were.
 */
export class SourceTaskMetrics {
  readonly #numbers: TaskMetrics
  readonly #clock: PhaseClock
  #transformSample = 0
  #convertSample = 0
  #putSample = 0
  #sampledAt = 0
  /** True: the next record is timed. */
  isSampling = false

  constructor(numbers: TaskMetrics) {
    this.#numbers = numbers
    this.#clock = new PhaseClock(numbers)
  }

  idle(): void {
    this.#clock.lap()
    this.#clock.show('idle')
  }

  polling(): void {
    this.#clock.lap()
    this.#clock.show('poll')
  }

  /** poll() has returned or thrown. @param records how many it gave */
  polled(records: number): void {
    this.#numbers.add(phaseTimeIndex.poll, this.#clock.lap())
    this.#numbers.add(pollTotal, records)
    this.#clock.show('convert')
    this.isSampling = records > 0
    this.#sampledAt = performance.now()
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
    this.#divide(this.#clock.lap())
    this.isSampling = false
    this.#clock.show('put')
  }

  waited(): void {
    this.#numbers.add(phaseTimeIndex.put, this.#clock.lap())
    this.#clock.show('convert')
  }

  /** The batch is with the producer. */
  handedOver(): void {
    this.#divide(this.#clock.lap())
    this.isSampling = false
  }

  /** @param written records that Kafka has @param active records polled whose outcome is open */
  progress(written: number, active: number): void {
    this.#numbers.set(writeTotal, written)
    this.#numbers.set(activeCount, active)
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
    this.#numbers.add(phaseTimeIndex.transform, (spent * this.#transformSample) / sampled)
    this.#numbers.add(phaseTimeIndex.convert, (spent * this.#convertSample) / sampled)
    this.#numbers.add(phaseTimeIndex.put, (spent * this.#putSample) / sampled)
  }
}

/** Offsets are stored beside the loop, whose phase stays what it is. */
export function addCommitTime(numbers: TaskMetrics, spentMs: number): void {
  numbers.add(phaseTimeIndex.commit, spentMs)
}
