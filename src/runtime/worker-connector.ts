import type { Connector } from '../api/connector.ts'
import { ConnectException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { traceOf } from './errors/trace.ts'
import type { ConnectorStatus, State, TargetState } from './state.ts'
import { withinTime } from './within-time.ts'

/** Connect's fixed time for a connector's `stop`. */
const stopTimeoutMs = 5000

export interface WorkerConnectorParts {
  readonly name: string
  readonly connector: Connector
  /** The connector's configuration with variables resolved. */
  readonly props: Props
  readonly log: Logger
  readonly onStatus: (status: ConnectorStatus) => void
  /** The connector wants its tasks configured anew. */
  readonly onReconfiguration: () => void
}

/**
 * The life of a connector object: started while the target is STARTED, stopped while it is PAUSED or STOPPED, FAILED once it threw.
 * It moves no records. Apache Kafka 4.3, WorkerConnector.
 */
export class WorkerConnector {
  readonly #parts: WorkerConnectorParts
  #running = false
  #failed = false
  #shutDown = false

  constructor(parts: WorkerConnectorParts) {
    this.#parts = parts
    parts.connector.initialize?.({
      log: parts.log,
      requestTaskReconfiguration: parts.onReconfiguration,
      raiseError: (error) => this.fail(error),
    })
  }

  get kind(): 'source' | 'sink' {
    return this.#parts.connector.kind
  }

  /** Started and not failed: it can be asked for task configurations. */
  get running(): boolean {
    return this.#running && !this.#failed
  }

  /**
   * A failed connector stays as it is until it is restarted; only STOPPED is possible.
   * @throws what the connector's `start` threw; its status is FAILED then
   */
  async transitionTo(target: TargetState): Promise<void> {
    if (this.#failed && target !== 'STOPPED') {
      this.#parts.log.warn(`Cannot transition connector to ${target} since it has failed. Restart it`)
      return
    }
    if (target === 'STARTED') return this.#start()
    await this.#stop()
    this.#failed = false
    this.#report(target)
  }

  /** The connector cannot go on until it is restarted. */
  fail(error: unknown): void {
    if (this.#shutDown) return
    this.#failed = true
    this.#parts.log.error('Connector failed', error)
    this.#report('FAILED', traceOf(error))
  }

  /**
   * What each task is configured with.
   * @throws ConnectException when there are more than `tasks.max` allows
   */
  async taskConfigs(tasksMax: number, enforceTasksMax: boolean): Promise<readonly Props[]> {
    const { connector, name, log } = this.#parts
    const configs = await connector.taskConfigs(tasksMax)
    if (configs.length > tasksMax) {
      const text = `The connector ${name} has generated ${configs.length} tasks, which is greater than ${tasksMax}, the maximum number of tasks it is configured to create.`
      if (enforceTasksMax) throw new ConnectException(`${text} Raise tasks.max, or report this to the maker of the connector.`)
      log.warn(text)
    }
    return configs
  }

  /** Stops the connector object for good. Failures are logged: nothing waits for them. */
  async shutdown(): Promise<void> {
    await this.#stop()
    this.#report('UNASSIGNED')
    this.#shutDown = true
  }

  async #start(): Promise<void> {
    if (this.#running) return
    try {
      await this.#parts.connector.start(this.#parts.props)
    } catch (error) {
      this.fail(error)
      throw error
    }
    this.#running = true
    this.#report('RUNNING')
  }

  async #stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    const { connector, log } = this.#parts
    try {
      const stopped = await withinTime(Promise.resolve(connector.stop()), stopTimeoutMs)
      if (!stopped) log.error(`Connector did not stop within ${stopTimeoutMs} ms and is abandoned`)
    } catch (error) {
      log.error('Connector failed to stop', error)
    }
  }

  #report(state: State, trace?: string): void {
    if (this.#shutDown) return
    const { name, connector, onStatus } = this.#parts
    onStatus({ name, kind: connector.kind, state, ...(trace === undefined ? {} : { trace }) })
  }
}
