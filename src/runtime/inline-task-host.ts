import type { Logger } from '../api/logger.ts'
import { TaskMetrics } from '../metrics/task-metrics.ts'
import { type ConnectorTaskId, taskIdText, taskLogContext } from './connector-task-id.ts'
import type { TaskTargetState } from './state.ts'
import type { TaskControl } from './task-control.ts'
import type { TaskHost, TaskHostListener, TaskSpec } from './task-host.ts'
import { withinTime } from './within-time.ts'
import { WorkerTask, type TaskLoop } from './worker-task.ts'

/** Runs task loops in this thread. */
export class InlineTaskHost implements TaskHost {
  readonly #makeLoop: (spec: TaskSpec, control: TaskControl, log: Logger) => Promise<TaskLoop>
  readonly #listener: TaskHostListener
  readonly #log: Logger
  readonly #tasks = new Map<string, WorkerTask>()

  constructor(parts: {
    readonly makeLoop: (spec: TaskSpec, control: TaskControl, log: Logger) => Promise<TaskLoop>
    readonly listener: TaskHostListener
    readonly log: Logger
  }) {
    this.#makeLoop = parts.makeLoop
    this.#listener = parts.listener
    this.#log = parts.log
  }

  start(spec: TaskSpec, target: TaskTargetState): void {
    const log = this.#log.child(taskLogContext(spec.id))
    const onStatus = this.#listener.taskStatusChanged.bind(this.#listener)
    const task = new WorkerTask({ id: spec.id, target, metrics: new TaskMetrics(spec.metrics), log, onStatus })
    this.#tasks.set(taskIdText(spec.id), task)
    task.run((control) => this.#makeLoop(spec, control, log))
  }

  setTargetState(id: ConnectorTaskId, target: TaskTargetState): void {
    this.#tasks.get(taskIdText(id))?.control.setTarget(target)
  }

  silentSince(): null {
    return null
  }

  lostThread(): false {
    return false
  }

  async stop(ids: readonly ConnectorTaskId[], timeoutMs: number): Promise<void> {
    const tasks = ids.map((id) => this.#tasks.get(taskIdText(id))).filter((task) => task !== undefined)
    const left = new Set(tasks)
    for (const task of tasks) task.stop()
    const allEnded = Promise.all(tasks.map((task) => task.ended().then(() => left.delete(task))))
    await withinTime(allEnded, timeoutMs)
    for (const task of left) task.cancel()
    for (const id of ids) this.#tasks.delete(taskIdText(id))
  }
}
