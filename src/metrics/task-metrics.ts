import { taskMetricDeclarations, type TaskMetricName } from './registry.ts'

const names = Object.keys(taskMetricDeclarations) as readonly TaskMetricName[]
const indexes = new Map(names.map((name, index) => [name, index]))
/** What a task is doing just now. */
export const taskPhases = ['idle', 'poll', 'convert', 'transform', 'put', 'commit'] as const
export type TaskPhase = (typeof taskPhases)[number]

const phaseAt = names.length
const phaseSinceAt = names.length + 1

/** A task's numbers for those who only look. */
export type TaskMetricsView = Pick<TaskMetrics, 'get' | 'phase' | 'snapshot'>

/** Place of a metric in the numbers: looked up once, outside the loop. */
export function taskMetricIndex(name: TaskMetricName): number {
  return indexes.get(name) ?? -1
}

/**
 * The numbers of one task, in shared memory: written by its loop alone, read by the main thread at any time, also while the task's
 * thread is blocked. A restarted task starts from zero.
 */
export class TaskMetrics {
  /** Goes with the task's specification to where it runs. */
  readonly shared: SharedArrayBuffer
  readonly #numbers: Float64Array

  /** @param shared of a task whose numbers are to be seen; absent: a new task's */
  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer((names.length + 2) * Float64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared
    this.#numbers = new Float64Array(shared)
  }

  add(index: number, amount: number): void {
    this.#numbers[index] = (this.#numbers[index] ?? 0) + amount
  }

  set(index: number, value: number): void {
    this.#numbers[index] = value
  }

  get(name: TaskMetricName): number {
    return this.at(taskMetricIndex(name))
  }

  at(index: number): number {
    return this.#numbers[index] ?? 0
  }

  /** Called by the loop once a batch and phase. @param now epoch ms */
  enter(phase: TaskPhase, now: number): void {
    this.#numbers[phaseAt] = taskPhases.indexOf(phase)
    this.#numbers[phaseSinceAt] = now
  }

  /** `since` 0: the task has not begun. */
  phase(): { readonly phase: TaskPhase; readonly since: number } {
    return { phase: taskPhases[this.#numbers[phaseAt] ?? 0] ?? 'idle', since: this.#numbers[phaseSinceAt] ?? 0 }
  }

  snapshot(): Readonly<Record<TaskMetricName, number>> {
    return Object.fromEntries(names.map((name) => [name, this.get(name)])) as Record<TaskMetricName, number>
  }
}
