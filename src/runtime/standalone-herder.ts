import { AlreadyExistsException, NotFoundException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { type ConnectorTaskId, taskIdText } from './connector-task-id.ts'
import type { ConnectorInfo, ConnectorStateInfo, Herder } from './herder.ts'
import type { ConnectorStatus, TargetState, TaskStatus } from './state.ts'
import type { TaskHostListener } from './task-host.ts'
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
}

/** Keeps connectors of one worker in memory: those of the command line, and whatever is created later. */
export class StandaloneHerder implements Herder, TaskHostListener {
  readonly #worker: Worker
  readonly #log: Logger
  readonly #entries = new Map<string, Entry>()
  readonly #connectorStatuses = new Map<string, ConnectorStatus>()
  readonly #taskStatuses = new Map<string, TaskStatus>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: { readonly worker: Worker; readonly log: Logger }) {
    this.#worker = parts.worker
    this.#log = parts.log
    parts.worker.listener = this
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
    const statuses = taskIds(name, tasks).map((id) => this.#taskStatuses.get(taskIdText(id)))
    return { connector: this.#connectorStatuses.get(name) ?? null, tasks: statuses.filter((status) => status !== undefined) }
  }

  taskStatusChanged(status: TaskStatus): void {
    this.#taskStatuses.set(taskIdText(status.id), status)
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
      const entry: Entry = { name, config, target: existing?.target ?? initialState, connector: null, tasks: existing?.tasks ?? [] }
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
      await entry.connector?.transitionTo(target)
      if (target === 'STOPPED') await this.#stopTasks(entry)
      else if (entry.tasks.length === 0) await this.#configureTasks(entry)
      else for (const id of taskIds(name, entry.tasks)) this.#worker.setTaskTargetState(id, target)
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
      const props = entry.tasks[id.task]
      if (props === undefined || entry.target === 'STOPPED') throw new NotFoundException(`Task ${taskIdText(id)} not found`)
      await this.#worker.stopTasks([id])
      await this.#worker.startTask({ id, config: entry.config, taskProps: props, target: entry.target })
    })
  }

  async stop(): Promise<void> {
    return this.#exclusive(async () => {
      await Promise.all(Array.from(this.#entries.values(), (entry) => this.#stopEverything(entry)))
    })
  }

  async #startConnector(entry: Entry): Promise<void> {
    entry.connector = await this.#worker.makeConnector(entry.name, entry.config, {
      onStatus: (status) => this.#connectorStatuses.set(entry.name, status),
      onReconfiguration: () => this.#reconfigure(entry),
    })
    await entry.connector.transitionTo(entry.target)
    if (entry.target === 'STARTED') await this.#configureTasks(entry)
  }

  /** Tasks are left alone when nothing they were made from has changed. */
  async #configureTasks(entry: Entry): Promise<void> {
    if (entry.connector === null || entry.target === 'STOPPED') return
    const tasks = await this.#worker.taskConfigs(entry.connector, entry.config)
    await this.#stopTasks(entry)
    entry.tasks = tasks
    for (const [index, taskProps] of tasks.entries()) {
      const id = { connector: entry.name, task: index }
      await this.#worker.startTask({ id, config: entry.config, taskProps, target: entry.target })
    }
  }

  #reconfigure(entry: Entry): void {
    this.#exclusive(() => this.#configureTasks(entry)).catch((error: unknown) => {
      this.#log.error(`Connector ${entry.name} asked for new task configurations, which failed; its tasks stay as they are`, error)
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
    await this.#worker.stopTasks(ids)
    for (const id of ids) this.#taskStatuses.delete(taskIdText(id))
    entry.tasks = []
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    if (entry === undefined) throw new NotFoundException(`Connector ${name} not found`)
    return entry
  }

  /** One change at a time, in call order; a failed one does not stop the next. */
  #exclusive<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#last.then(change)
    this.#last = result.catch(() => null) // the caller has the error; the next change starts all the same
    return result
  }
}

function taskIds(name: string, tasks: readonly unknown[]): ConnectorTaskId[] {
  return tasks.map((_, task) => ({ connector: name, task }))
}
