import { TaskMetrics } from '../metrics/task-metrics.ts'
import type { TaskCondition, TaskTargetState } from './state.ts'

/** What the loop of a task is asked to do, and its way to say what it does. One object a task, shared by loop and lifecycle. */
export class TaskControl {
  #target: TaskTargetState
  readonly #stop = new AbortController()
  #changed = Promise.withResolvers<void>()
  readonly #onReport: (state: 'RUNNING' | 'PAUSED', condition: TaskCondition | null) => void
  #reported: 'RUNNING' | 'PAUSED' | null = null
  /** What the loop counts. */
  readonly metrics: TaskMetrics
  /** Called after every change of target and at stop; a sink's loop interrupts its poll here. */
  onChange: () => void = () => undefined
  /** Called when the task is given up: whatever it still waits for shall end. */
  onCancel: () => void = () => undefined
  #cancelled = false

  constructor(
    target: TaskTargetState,
    onReport: (state: 'RUNNING' | 'PAUSED', condition: TaskCondition | null) => void,
    metrics: TaskMetrics = new TaskMetrics(),
  ) {
    this.#target = target
    this.#onReport = onReport
    this.metrics = metrics
  }

  get stopping(): boolean {
    return this.#stop.signal.aborted
  }

  /** Aborted when the task shall stop. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get paused(): boolean {
    return this.#target === 'PAUSED'
  }

  /** True: the task missed its deadline. It must neither commit nor report any more. */
  get cancelled(): boolean {
    return this.#cancelled
  }

  cancel(): void {
    this.#cancelled = true
    this.onCancel()
  }

  setTarget(target: TaskTargetState): void {
    this.#target = target
    this.#announce()
  }

  stop(): void {
    this.#stop.abort()
    this.#announce()
  }

  /** Reports the state once each time it changes; what was in the way before is over then. */
  report(state: 'RUNNING' | 'PAUSED'): void {
    if (this.#reported === state || this.cancelled) return
    this.#reported = state
    this.#onReport(state, null)
  }

  /** Reports that another system is out. Called once an attempt. */
  retrying(condition: TaskCondition): void {
    if (!this.cancelled) this.#onReport(this.#reported ?? 'RUNNING', condition)
  }

  /** Reports that it answers again. */
  recovered(): void {
    if (!this.cancelled) this.#onReport(this.#reported ?? 'RUNNING', null)
  }

  /** Resolves when the target is STARTED or the task shall stop. Reports PAUSED meanwhile. */
  async whilePaused(): Promise<void> {
    while (this.paused && !this.stopping) {
      this.report('PAUSED')
      await this.#changed.promise
    }
  }

  #announce(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
    this.onChange()
  }
}
