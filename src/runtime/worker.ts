import type { ConnectorClass } from '../api/connector.ts'
import { ConfigException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import type { KafkaClients } from '../kafka/ports.ts'
import type { OffsetBackingStore } from '../offsets/offset-backing-store.ts'
import type { ConfigTransformer } from './config-transformer.ts'
import { connectorConfigDef } from './connector-config.ts'
import type { ConnectorTaskId } from './connector-task-id.ts'
import { InlineTaskHost } from './inline-task-host.ts'
import type { Plugins } from './plugins.ts'
import type { ConnectorStatus, TargetState, TaskStatus } from './state.ts'
import { makeTaskLoop } from './task-factory.ts'
import type { TaskHost, TaskHostListener } from './task-host.ts'
import type { WorkerConfig } from './worker-config.ts'
import { WorkerConnector } from './worker-connector.ts'

export interface WorkerParts {
  readonly config: WorkerConfig
  readonly plugins: Plugins
  readonly kafka: KafkaClients
  readonly offsetStore: OffsetBackingStore
  /** Resolves the variables of connector configurations, each time they are read. */
  readonly transformer: ConfigTransformer
  readonly log: Logger
}

/** Runs connectors and tasks in this process. Knows nothing of target states beyond the task's, nor of the user: that is the herder. */
export class Worker implements TaskHostListener {
  readonly #parts: WorkerParts
  readonly #host: TaskHost
  /** The herder; set once before the first task starts. */
  listener: TaskHostListener = { taskStatusChanged: () => undefined }

  constructor(parts: WorkerParts) {
    this.#parts = parts
    const { plugins, kafka, offsetStore, log } = parts
    const environment = { plugins, kafka, offsetStore }
    this.#host = new InlineTaskHost({ makeLoop: (spec, control, taskLog) => makeTaskLoop(spec, control, taskLog, environment), listener: this, log })
  }

  /** @throws ConnectException when stored offsets cannot be read */
  async start(): Promise<void> {
    await this.#parts.offsetStore.start()
  }

  /** Called when all connectors are stopped. */
  async stop(): Promise<void> {
    await this.#parts.offsetStore.stop()
    this.#parts.transformer.close()
  }

  taskStatusChanged(status: TaskStatus): void {
    this.listener.taskStatusChanged(status)
  }

  connectorKind(config: Props): 'source' | 'sink' {
    return this.#findConnector(config).kind
  }

  /** @throws ConfigException listing every problem of the configuration */
  async validate(config: Props): Promise<void> {
    await this.#parts.transformer.transform(config)
    this.#findConnector(config)
  }

  /** Makes the connector object. It is not started. @throws ConfigException */
  async makeConnector(
    name: string,
    config: Props,
    events: { readonly onStatus: (status: ConnectorStatus) => void; readonly onReconfiguration: () => void },
  ): Promise<WorkerConnector> {
    const { transformer, log } = this.#parts
    const Connector = await this.#loadConnector(config)
    const props = await transformer.transform(config)
    return new WorkerConnector({ name, connector: new Connector(), props, log: log.child(`[${name}|worker]`), ...events })
  }

  /** What the connector wants its tasks configured with; the runtime's own keys are added when they start. */
  async taskConfigs(connector: WorkerConnector, config: Props): Promise<readonly Props[]> {
    const values = connectorConfigDef.parse(await this.#parts.transformer.transform(config))
    return connector.taskConfigs(values['tasks.max'], values['tasks.max.enforce'])
  }

  async startTask(task: { readonly id: ConnectorTaskId; readonly config: Props; readonly taskProps: Props; readonly target: TargetState }): Promise<void> {
    const { config, transformer } = this.#parts
    const { kind, className } = this.#findConnector(task.config)
    const spec = {
      id: task.id,
      kind,
      connectorClass: className,
      workerProps: config.originals,
      connectorProps: await transformer.transform(task.config),
      taskProps: await transformer.transform(withTopics(task.taskProps, task.config)),
    }
    this.#host.start(spec, task.target === 'PAUSED' ? 'PAUSED' : 'STARTED')
  }

  setTaskTargetState(id: ConnectorTaskId, target: TargetState): void {
    this.#host.setTargetState(id, target === 'PAUSED' ? 'PAUSED' : 'STARTED')
  }

  async stopTasks(ids: readonly ConnectorTaskId[]): Promise<void> {
    if (ids.length > 0) await this.#host.stop(ids, this.#parts.config.values['task.shutdown.graceful.timeout.ms'])
  }

  /** @throws ConfigException in Connect's words when `connector.class` is missing or unknown */
  #findConnector(config: Props): { readonly kind: 'source' | 'sink'; readonly className: string } {
    const { plugins } = this.#parts
    const name = config['connector.class']?.trim()
    if (name === undefined || name === '') throw new ConfigException(`Connector config ${shownKeys(config)} contains no connector type`)
    const found = plugins.find('source', name) ?? plugins.find('sink', name)
    if (found !== null) return found
    const known = [...plugins.list('source'), ...plugins.list('sink')].map(({ className }) => className).join(', ')
    throw new ConfigException(
      `Failed to find any class that implements Connector and which name matches ${name}, available connectors are: ${known}. ` +
        'Check connector.class for a typing error, or add the folder of the plugin to plugin.path of the worker.',
    )
  }

  async #loadConnector(config: Props): Promise<ConnectorClass> {
    const { kind, className } = this.#findConnector(config)
    const Connector = await this.#parts.plugins.load(kind, className)
    if (Connector === null) throw new ConfigException(`${className} could not be loaded`)
    return Connector
  }
}

/** Keys only: values may be secrets. */
function shownKeys(config: Props): string {
  return `{${Object.keys(config).join(', ')}}`
}

/** Tasks of a sink see what the sink reads (Apache Kafka 4.3, Worker#connectorTaskConfigs). */
function withTopics(taskProps: Props, connector: Props): Props {
  const { topics, 'topics.regex': regex } = connector
  return { ...taskProps, ...(topics === undefined ? {} : { topics }), ...(regex === undefined ? {} : { 'topics.regex': regex }) }
}
