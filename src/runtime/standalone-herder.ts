import { AlreadyExistsException, ConnectException, NotFoundException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { type ConnectorTaskId, taskIdText } from './connector-task-id.ts'
import { traceOf } from './errors/trace.ts'
import type { ConnectorInfo, ConnectorStateInfo, Herder } from './herder.ts'
import type { TaskMetricsView } from '../metrics/task-metrics.ts'
import type { ConnectorStatus, TargetState, TaskStatus } from './state.ts'
import { sameTaskConfigs } from './same-task-configs.ts'
import type { TaskHostListener } from './task-host.ts'
import { TaskSupervisor } from './task-supervisor.ts'
import { TaskWatchdog, type WatchedTask } from './task-watchdog.ts'
import { withinTime } from './within-time.ts'
import type { Worker } from './worker.ts'
import type { WorkerConnector } from './worker-connector.ts'

interface Entry {
  readonly name: string
  readonly config: Props
  target: TargetState
  /** Null: its start failed before there was an object. */
  connector: WorkerConnector | null
  /** Configurations of the tasks that were started, as the connector gave them. */
  tasks: readonly Props[]
  /** The connector's configuration they were started with. */
  tasksConfig: Props | null
}

/** How long `stop` waits for a change under way, such as a connector whose `start` does not return. */
const changeTimeoutMs = 5000

/**
 * Keeps connectors of one worker in memory: those of the command line, and whatever is created later.
 * Tasks that fail are restarted as `TaskSupervisor` plans it, in turn with all other changes.
 */
export class StandaloneHerder implements Herder, TaskHostListener {
  readonly #worker: Worker
  readonly #log: Logger
  readonly #entries = new Map<string, Entry>()
  readonly #connectorStatuses = new Map<string, ConnectorStatus>()
  readonly #taskStatuses = new Map<string, TaskStatus>()
  readonly #supervisor: TaskSupervisor
  readonly #watchdog: TaskWatchdog
  #last: Promise<unknown> = Promise.resolve()
  #stopping = false

  constructor(parts: { readonly worker: Worker; readonly log: Logger }) {
    this.#worker = parts.worker
    this.#log = parts.log
    const { worker, log } = parts
    worker.listener = this
    this.#supervisor = new TaskSupervisor({ policy: worker.values, restart: (failed) => this.#restartFailed(failed), log })
    const stalledAfterMs = worker.values['task.stalled.after.ms']
    this.#watchdog = new TaskWatchdog({ stalledAfterMs, tasks: () => this.#watchedTasks(), log })
  }

  connectors(): readonly string[] {
    return [...this.#entries.keys()]
  }

  connectorInfo(name: string): ConnectorInfo {
    const { config, tasks } = this.#entry(name)
    return { name, config, tasks: taskIds(name, tasks), type: this.#worker.connectorKind(config) }
  }

  connectorStatus(name: string): ConnectorStateInfo {
    const { tasks } = this.#entry(name)
    const statuses = taskIds(name, tasks).map((id) => this.#taskStatus(id))
    return { connector: this.#connectorStatuses.get(name) ?? null, tasks: statuses.filter((status) => status !== null) }
  }

  /** The task's own condition, or what the watchdog sees. */
  #taskStatus(id: ConnectorTaskId): TaskStatus | null {
    const status = this.#taskStatuses.get(taskIdText(id))
    if (status === undefined) return null
    const stalled = status.condition === undefined ? this.#watchdog.condition(id) : null
    return stalled === null ? status : { ...status, condition: stalled }
  }

  taskMetrics(id: ConnectorTaskId): TaskMetricsView | null {
    this.#entry(id.connector)
    return this.#worker.taskMetrics(id)
  }

  taskStatusChanged(status: TaskStatus): void {
    this.#taskStatuses.set(taskIdText(status.id), this.#supervisor.observed(status))
  }

  async putConnectorConfig(
    name: string,
    config: Props,
    { initialState = 'STARTED', allowReplace = false }: { readonly initialState?: TargetState; readonly allowReplace?: boolean } = {},
  ): Promise<ConnectorInfo> {
    return this.#exclusive(async () => {
      const existing = this.#entries.get(name)
      if (existing !== undefined && !allowReplace) throw new AlreadyExistsException(`Connector ${name} already exists`)
      await this.#worker.validate(config)
      if (existing !== undefined) await this.#stopConnector(existing)
      const { target, tasks, tasksConfig } = existing ?? { target: initialState, tasks: [], tasksConfig: null }
      const entry: Entry = { name, config, target, connector: null, tasks, tasksConfig }
      this.#entries.set(name, entry)
      await this.#startConnector(entry)
      return this.connectorInfo(name)
    })
  }

  async deleteConnector(name: string): Promise<void> {
    return this.#exclusive(async () => {
      await this.#stopEverything(this.#entry(name))
      this.#entries.delete(name)
      this.#connectorStatuses.delete(name)
    })
  }

  async setTargetState(name: string, target: TargetState): Promise<void> {
    return this.#exclusive(async () => {
      const entry = this.#entry(name)
      entry.target = target
      if (target === 'STOPPED') await this.#stopTasks(entry)
      for (const id of taskIds(name, entry.tasks)) this.#worker.setTaskTargetState(id, target)
      await entry.connector?.transitionTo(target)
      await this.#configureTasksOrFail(entry)
    })
  }

  async restartConnector(name: string): Promise<void> {
    return this.#exclusive(async () => {
      const entry = this.#entry(name)
      await this.#stopConnector(entry)
      await this.#startConnector(entry)
    })
  }

  async restartTask(id: ConnectorTaskId): Promise<void> {
    return this.#exclusive(async () => {
      const entry = this.#entry(id.connector)
      if (entry.tasks[id.task] === undefined || entry.target === 'STOPPED') throw new NotFoundException(`Task ${taskIdText(id)} not found`)
      this.#supervisor.forget(id)
      await this.#startAgain(entry, id)
    })
  }

  /** Only while that failure is the task's last word: whoever stopped, replaced or restarted it meanwhile has decided otherwise. */
  #restartFailed(failed: TaskStatus): void {
    const { id } = failed
    const restart = async () => {
      const entry = this.#entries.get(id.connector)
      if (entry !== undefined && this.#taskStatuses.get(taskIdText(id)) === failed) await this.#startAgain(entry, id)
    }
    this.#exclusive(restart).catch((error: unknown) => {
      if (!this.#stopping) this.#log.error(`Task ${taskIdText(id)} cannot be restarted and stays FAILED`, error)
    })
  }

  /** A new instance of the task with what it was started with. */
  async #startAgain({ config, tasks, tasksConfig, target }: Entry, id: ConnectorTaskId): Promise<void> {
    const taskProps = tasks[id.task]
    if (taskProps === undefined) return
    await this.#worker.stopTasks([id])
    await this.#worker.startTask({ id, config: tasksConfig ?? config, taskProps, target })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#worker.startNoMore()
    this.#supervisor.stop()
    this.#watchdog.stop()
    if (!(await withinTime(this.#last, changeTimeoutMs))) {
      this.#log.warn(`A connector has been starting or stopping for ${changeTimeoutMs} ms; it is left behind`)
    }
    await Promise.all(Array.from(this.#entries.values(), (entry) => this.#stopEverything(entry)))
  }

  async #startConnector(entry: Entry): Promise<void> {
    entry.connector = await this.#makeConnector(entry)
    await entry.connector.transitionTo(entry.target)
    await this.#configureTasksOrFail(entry)
  }

  async #makeConnector({ name, config }: Entry): Promise<WorkerConnector> {
    const setStatus = (status: ConnectorStatus) => void this.#connectorStatuses.set(name, status)
    try {
      return await this.#worker.makeConnector(name, config, { onStatus: setStatus, onReconfiguration: () => this.#reconfigure(name) })
    } catch (error) {
      setStatus({ name, kind: this.#worker.connectorKind(config), state: 'FAILED', trace: traceOf(error) })
      throw error
    }
  }

  /** Java leaves the caller waiting when a connector cannot say what its tasks are; here that is its failure. */
  async #configureTasksOrFail(entry: Entry): Promise<void> {
    try {
      await this.#configureTasks(entry)
    } catch (error) {
      entry.connector?.fail(error)
      throw error
    }
  }

  /** Only a running connector is asked for tasks; they are left alone when nothing they were made from has changed. */
  async #configureTasks(entry: Entry): Promise<void> {
    const { name, config, connector, target } = entry
    if (connector?.running !== true || this.#stopping) return
    const tasks = await this.#worker.taskConfigs(connector, config)
    if (config === entry.tasksConfig && sameTaskConfigs(tasks, entry.tasks)) return
    await this.#stopTasks(entry)
    this.#watchdog.start()
    entry.tasks = tasks
    entry.tasksConfig = config
    this.#worker.newTasks(name)
    const starts = tasks.map((taskProps, task) => this.#worker.startTask({ id: { connector: name, task }, config, taskProps, target }))
    await Promise.all(starts)
  }

  /** A connector may ask at any time, from inside `start` too: it is answered in turn. */
  #reconfigure(name: string): void {
    const answer = async () => {
      const entry = this.#entries.get(name)
      if (entry !== undefined) await this.#configureTasks(entry)
    }
    this.#exclusive(answer).catch((error: unknown) => {
      this.#log.error(`Connector ${name} asked for new task configurations, which failed; its tasks stay as they are`, error)
    })
  }

  async #stopEverything(entry: Entry): Promise<void> {
    await this.#stopTasks(entry)
    await this.#stopConnector(entry)
  }

  async #stopConnector(entry: Entry): Promise<void> {
    await entry.connector?.shutdown()
    entry.connector = null
  }

  async #stopTasks(entry: Entry): Promise<void> {
    const ids = taskIds(entry.name, entry.tasks)
    for (const id of ids) this.#supervisor.forget(id)
    await this.#worker.stopTasks(ids)
    for (const id of ids) {
      this.#supervisor.forget(id) // it may have failed while it stopped
      this.#taskStatuses.delete(taskIdText(id))
    }
    entry.tasks = []
    entry.tasksConfig = null
  }

  *#watchedTasks(): Generator<WatchedTask> {
    for (const { name, config, tasks } of this.#entries.values()) {
      const kind = this.#worker.connectorKind(config)
      for (const id of taskIds(name, tasks)) {
        const status = this.#taskStatuses.get(taskIdText(id))
        const metrics = this.#worker.taskMetrics(id)
        if (status !== undefined && metrics !== null) yield { kind, status, metrics, silentSince: this.#worker.silentSince(id) }
      }
    }
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    if (entry === undefined) throw new NotFoundException(`Connector ${name} not found`)
    return entry
  }

  /** One change at a time, in call order; a failed one does not stop the next. */
  #exclusive<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#stopping) throw new ConnectException('The worker is stopping; nothing can be changed any more')
      return change()
    })
    this.#last = result.catch(() => null) // the caller has the error; the next change starts all the same
    return result
  }
}

function taskIds(name: string, tasks: readonly unknown[]): ConnectorTaskId[] {
  return tasks.map((_, task) => ({ connector: name, task }))
}
