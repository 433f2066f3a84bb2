import type { Logger } from '../api/logger.ts'
import type { TaskMetrics } from '../metrics/task-metrics.ts'
import { type ConnectorTaskId, taskIdText } from './connector-task-id.ts'
import { TaskTakenOverException } from './errors/task-taken-over.ts'
import { traceOf } from './errors/trace.ts'
import { Outage } from './outage.ts'
import type { State, TaskCondition, TaskStatus, TaskTargetState } from './state.ts'
import { TaskControl } from './task-control.ts'
import { throughOutage } from './through-outage.ts'

/** What source and sink tasks do inside their life-cycle. Each method is called once, in this order; `close` always. */
export interface TaskLoop {
  /** Initializes and starts the connector's task. */
  start(): Promise<void>
  /** Moves records until `control.stopping`. @throws what fails the task */
  execute(): Promise<void>
  /** Stops the connector's task and releases the clients. Must log its own failures. */
  close(): Promise<void>
}

/**
 * The life of a task: (PAUSED) → RUNNING ⇄ PAUSED → UNASSIGNED, or FAILED with the trace of what went wrong. A start during an outage of
 * another system is repeated with a new loop until it succeeds.
 * A task that misses its deadline at stop is cancelled: nothing of what it still does is reported.
 * Apache Kafka 4.3, WorkerTask.
 */
export class WorkerTask {
  readonly id: ConnectorTaskId
  readonly control: TaskControl
  readonly #log: Logger
  readonly #onStatus: (status: TaskStatus) => void
  #ended: Promise<void> = Promise.resolve()

  constructor(parts: {
    readonly id: ConnectorTaskId
    readonly target: TaskTargetState
    readonly metrics: TaskMetrics
    readonly log: Logger
    readonly onStatus: (status: TaskStatus) => void
  }) {
    const { id, target, metrics } = parts
    this.id = id
    this.#log = parts.log
    this.#onStatus = parts.onStatus
    const report = (state: State, condition: TaskCondition | null) =>
      this.#report({ id, state, ...(condition === null ? {} : { condition }) })
    this.control = new TaskControl(target, report, metrics)
  }

  /** Begins; never rejects. @param makeLoop builds converters, clients and the connector's task: its failure is the task's */
  run(makeLoop: (control: TaskControl) => Promise<TaskLoop>): void {
    this.#ended = this.#live(makeLoop).then(
      () => this.#report({ id: this.id, state: 'UNASSIGNED' }),
      (error: unknown) => this.#failed(error),
    )
  }

  /** Asks the loop to end. */
  stop(): void {
    this.control.stop()
  }

  /** Resolves when the task has ended by itself or by `stop`. */
  ended(): Promise<void> {
    return this.#ended
  }

  cancel(): void {
    this.control.cancel()
    this.#log.error(
      `Graceful stop of task ${taskIdText(this.id)} failed: it did not end within task.shutdown.graceful.timeout.ms and is abandoned.`,
    )
  }

  async #live(makeLoop: (control: TaskControl) => Promise<TaskLoop>): Promise<void> {
    await this.control.whilePaused()
    const { signal } = this.control
    const outage = new Outage({ control: this.control, log: this.#log })
    const loop = await throughOutage({ outage, signal, doing: 'Start of the task' }, () => startedLoop(makeLoop, this.control))
    if (loop === null) return
    try {
      this.control.report('RUNNING')
      this.#log.info('Task is running')
      await loop.execute()
    } finally {
      await loop.close()
    }
  }

  #failed(error: unknown): void {
    if (this.control.cancelled) return
    if (this.control.stopping) {
      this.#log.warn('Task ended with an error while it was stopping', error)
      this.#report({ id: this.id, state: 'UNASSIGNED' })
      return
    }
    this.#log.error('Task threw an uncaught and unrecoverable exception', error)
    const takenOver = error instanceof TaskTakenOverException ? { takenOver: true as const } : {}
    this.#report({ id: this.id, state: 'FAILED', trace: traceOf(error), ...takenOver })
  }

  #report(status: TaskStatus): void {
    if (!this.control.cancelled) this.#onStatus(status)
  }
}

/** @returns null when the task shall stop @throws what making or starting it throws, after it was closed */
async function startedLoop(makeLoop: (control: TaskControl) => Promise<TaskLoop>, control: TaskControl): Promise<TaskLoop | null> {
  if (control.stopping) return null
  const loop = await makeLoop(control)
  try {
    await loop.start()
  } catch (error) {
    await loop.close()
    throw error
  }
  return loop
}
