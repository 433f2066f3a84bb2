import type { Connector } from '../api/connector.ts'
import { ConnectException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { traceOf, type ConnectorStatus, type State, type TargetState } from './state.ts'

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

  constructor(parts: WorkerConnectorParts) {
    this.#parts = parts
    parts.connector.initialize?.({
      log: parts.log,
      requestTaskReconfiguration: parts.onReconfiguration,
      raiseError: (error) => this.#fail(error),
    })
  }

  get kind(): 'source' | 'sink' {
    return this.#parts.connector.kind
  }

  /** @throws what the connector's `start` threw; its status is FAILED then */
  async transitionTo(target: TargetState): Promise<void> {
    if (target === 'STARTED') return this.#start()
    await this.#stop()
    if (!this.#failed || target === 'STOPPED') this.#report(target)
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
  }

  async #start(): Promise<void> {
    if (this.#running) return
    try {
      await this.#parts.connector.start(this.#parts.props)
    } catch (error) {
      this.#fail(error)
      throw error
    }
    this.#running = true
    this.#failed = false
    this.#report('RUNNING')
  }

  async #stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    try {
      await this.#parts.connector.stop()
    } catch (error) {
      this.#parts.log.error('Connector failed to stop', error)
    }
  }

  #fail(error: unknown): void {
    this.#failed = true
    this.#parts.log.error('Connector failed', error)
    this.#report('FAILED', traceOf(error))
  }

  #report(state: State, trace?: string): void {
    const { name, connector, onStatus } = this.#parts
    onStatus({ name, kind: connector.kind, state, ...(trace === undefined ? {} : { trace }) })
  }
}
