import { taskMetricIndex, type TaskMetrics, type TaskPhase } from '../metrics/task-metrics.ts'

const readTotal = taskMetricIndex('sink-record-read-total')
const sendTotal = taskMetricIndex('sink-record-send-total')
const activeCount = taskMetricIndex('sink-record-active-count')
const lagGauge = taskMetricIndex('sink-record-lag')
const partitionCount = taskMetricIndex('partition-count')
const commitTotal = taskMetricIndex('offset-commit-completion-total')
const timeTotals = {
  poll: taskMetricIndex('poll-time-ms-total'),
  convert: taskMetricIndex('convert-time-ms-total'),
  transform: taskMetricIndex('transform-time-ms-total'),
  put: taskMetricIndex('put-time-ms-total'),
  commit: taskMetricIndex('commit-time-ms-total'),
} as const

/** What a sink's loop counts, and where its time goes: it is in one phase at a time. Called a few times a batch, never per record. */
export class SinkTaskMetrics {
  readonly #numbers: TaskMetrics
  #phase: TaskPhase = 'idle'
  #since = performance.now()

  constructor(numbers: TaskMetrics) {
    this.#numbers = numbers
  }

  /** @returns the phase that ends, for those who go back to it */
  enter(phase: TaskPhase): TaskPhase {
    const ended = this.#phase
    const spent = this.#lap()
    if (ended !== 'idle') this.#numbers.add(timeTotals[ended], spent)
    this.#phase = phase
    this.#numbers.enter(phase, Date.now())
    return ended
  }

  /** Ends the work of converting and transforming, which goes record by record through both. @param transformShare 0 to 1 */
  converted(transformShare: number): void {
    const spent = this.#lap()
    this.#numbers.add(timeTotals.convert, spent * (1 - transformShare))
    this.#numbers.add(timeTotals.transform, spent * transformShare)
  }

  read(records: number, lag: number): void {
    this.#numbers.add(readTotal, records)
    this.#numbers.add(activeCount, records)
    this.#numbers.set(lagGauge, lag)
  }

  sent(records: number): void {
    this.#numbers.add(sendTotal, records)
  }

  committed(): void {
    this.#numbers.add(commitTotal, 1)
  }

  /** @param uncommitted records read and not committed, by their offsets */
  active(uncommitted: number): void {
    this.#numbers.set(activeCount, uncommitted)
  }

  assigned(partitions: number, lag: number): void {
    this.#numbers.set(partitionCount, partitions)
    this.#numbers.set(lagGauge, lag)
  }

  #lap(): number {
    const now = performance.now()
    const spent = now - this.#since
    this.#since = now
    return spent
  }
}
