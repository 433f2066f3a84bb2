import { taskMetricIndex, type TaskMetrics, type TaskPhase } from '../metrics/task-metrics.ts'

/** The metric that a phase's time goes to. */
export const phaseTimeIndex = {
  poll: taskMetricIndex('poll-time-ms-total'),
  convert: taskMetricIndex('convert-time-ms-total'),
  transform: taskMetricIndex('transform-time-ms-total'),
  put: taskMetricIndex('put-time-ms-total'),
  commit: taskMetricIndex('commit-time-ms-total'),
} as const

/** Tells a loop how long its steps take, and everybody which one it is in. Asked a few times a batch. */
export class PhaseClock {
  readonly #numbers: TaskMetrics
  #since = performance.now()

  constructor(numbers: TaskMetrics) {
    this.#numbers = numbers
  }

  /** Ms since the last lap. */
  lap(): number {
    const now = performance.now()
    const spent = now - this.#since
    this.#since = now
    return spent
  }

  /** What the loop does from now on. */
  show(phase: TaskPhase): void {
    this.#numbers.enter(phase, Date.now())
  }
}
