import type { Props } from '../api/props.ts'
import type { TaskMetricsView } from '../metrics/task-metrics.ts'
import type { ConnectorTaskId } from './connector-task-id.ts'
import type { ConnectorStatus, TargetState, TaskStatus } from './state.ts'

/** A connector as Connect's REST answers show it. Configuration texts are the raw ones: variables stay variables. */
export interface ConnectorInfo {
  readonly name: string
  readonly config: Props
  readonly tasks: readonly ConnectorTaskId[]
  readonly type: 'source' | 'sink'
}

/** Null members: no status was reported yet. */
export interface ConnectorStateInfo {
  readonly connector: ConnectorStatus | null
  readonly tasks: readonly TaskStatus[]
}

/** What command line, REST and embedding programs talk to. Calls that change something are carried out one after the other. */
export interface Herder {
  connectors(): readonly string[]
  /** @throws NotFoundException */
  connectorInfo(name: string): ConnectorInfo
  /** @throws NotFoundException */
  connectorStatus(name: string): ConnectorStateInfo
  /**
   * The task's numbers since it was last started; they go on counting while it runs.
   * @returns null when the connector has no such task
   * @throws NotFoundException
   */
  taskMetrics(id: ConnectorTaskId): TaskMetricsView | null
  /**
   * Creates a connector, or gives an existing one a new configuration.
   * @param options.initialState of a new one; default STARTED
   * @throws ConfigException listing every problem; AlreadyExistsException unless `allowReplace`; what the connector's start threw
   */
  putConnectorConfig(
    name: string,
    config: Props,
    options?: { readonly initialState?: TargetState; readonly allowReplace?: boolean },
  ): Promise<ConnectorInfo>
  deleteConnector(name: string): Promise<void>
  /** PAUSED keeps the tasks, STOPPED removes them, STARTED brings them back. */
  setTargetState(name: string, target: TargetState): Promise<void>
  restartConnector(name: string): Promise<void>
  /** At once, whatever was planned; pauses between restarts of a failing task begin anew. */
  restartTask(id: ConnectorTaskId): Promise<void>
  /** Stops everything, within `task.shutdown.graceful.timeout.ms` for the tasks of each connector. */
  stop(): Promise<void>
}
