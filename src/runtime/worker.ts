import { ConfigException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import type { KafkaClients } from '../kafka/ports.ts'
import { TaskMetrics } from '../metrics/task-metrics.ts'
import type { OffsetBackingStore } from '../offsets/offset-backing-store.ts'
import type { ConfigTransformer } from './config-transformer.ts'
import { clientOverridePolicy } from './client-override-policy.ts'
import { InvalidConnectorConfigException } from './invalid-connector-config-exception.ts'
import { connectorConfigDef } from './connector-config.ts'
import { findConnector } from './connector-plugin.ts'
import { validateConnectorConfig, type ValidationContext } from './connector-validation.ts'
import { type ConnectorTaskId, taskIdText, taskLogContext } from './connector-task-id.ts'
import { traceOf } from './errors/trace.ts'
import { type InflightLimit, inflightLimit, shareInflightBytes } from './inflight-bytes.ts'
import { makeTaskHost } from './make-task-host.ts'
import type { Plugins } from './plugins.ts'
import type { ConnectorStatus, TargetState, TaskStatus } from './state.ts'
import type { TaskHost, TaskHostListener, TaskSpec } from './task-host.ts'
import { unusedConnectorKeys } from './unused-keys.ts'
import { isExactlyOnce, type WorkerConfig, type WorkerValues } from './worker-config.ts'
import { WorkerConnector } from './worker-connector.ts'
import { ZombieFence } from './zombie-fence.ts'

export interface WorkerParts {
  readonly config: WorkerConfig
  readonly plugins: Plugins
  readonly kafka: KafkaClients
  readonly offsetStore: OffsetBackingStore
  /** Resolves the variables of connector configurations, each time they are read. */
  readonly transformer: ConfigTransformer
  /** Module that the threads of lanes run. */
  readonly laneFile: URL
  readonly log: Logger
}

interface StartedTask {
  readonly id: ConnectorTaskId
  readonly config: Props
  readonly taskProps: Props
  readonly target: TargetState
}

/** Runs connectors and tasks in this process. Knows nothing of target states beyond the task's, nor of the user: that is the herder. */
export class Worker implements TaskHostListener {
  readonly #parts: WorkerParts
  readonly #host: TaskHost
  readonly #validation: ValidationContext
  /** Of tasks from their start to their stop. */
  readonly #metrics = new Map<string, TaskMetrics>()
  readonly #inflight: InflightLimit
  readonly #zombies: ZombieFence
  #startsTasks = true
  /** The herder; set once before the first task starts. */
  listener: TaskHostListener = { taskStatusChanged: () => undefined }

  constructor(parts: WorkerParts) {
    this.#parts = parts
    const { config, plugins, kafka, offsetStore, laneFile, log } = parts
    this.#validation = validationContext(parts)
    this.#zombies = new ZombieFence(kafka, log)
    this.#inflight = inflightLimit(config.values['worker.max.inflight.bytes'])
    this.#host = makeTaskHost({ values: config.values, environment: { plugins, kafka, offsetStore }, laneFile, listener: this, log })
  }

  get values(): WorkerValues {
    return this.#parts.config.values
  }

  /** @throws ConnectException when stored offsets cannot be read */
  async start(): Promise<void> {
    const { offsetStore, log } = this.#parts
    log.info(`Tasks may have ${this.#inflight.bytes} bytes in flight together: ${this.#inflight.because}`)
    await offsetStore.start()
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
    return findConnector(config, this.#parts.plugins).kind
  }

  /**
   * Checks a connector's whole configuration before it is created, and warns about keys that nothing reads. Other systems are not
   * asked, where Java gives a connector up that starts before them.
   * @throws InvalidConnectorConfigException listing every problem
   */
  async validate(config: Props): Promise<void> {
    const { transformer, log } = this.#parts
    const infos = await validateConnectorConfig(await transformer.transform(config), this.#validation, 'creation')
    if (infos.error_count > 0) throw new InvalidConnectorConfigException(infos)
    const declared = infos.configs.filter(({ definition }) => definition !== null).map(({ value }) => value.name)
    const connectorLog = log.child(`[${config['name'] ?? ''}|worker]`)
    for (const { level, text } of unusedConnectorKeys(config, declared)) connectorLog[level](text)
  }

  /** Makes the connector object. It is not started. @throws ConfigException */
  async makeConnector(
    name: string,
    config: Props,
    events: { readonly onStatus: (status: ConnectorStatus) => void; readonly onReconfiguration: () => void },
  ): Promise<WorkerConnector> {
    const { transformer, plugins, log } = this.#parts
    const Connector = await findConnector(config, plugins).load()
    const props = await transformer.transform(config)
    return new WorkerConnector({ name, connector: new Connector(), props, log: log.child(`[${name}|worker]`), ...events })
  }

  /** What the connector wants its tasks configured with; the runtime's own keys are added when they start. */
  async taskConfigs(connector: WorkerConnector, config: Props): Promise<readonly Props[]> {
    const values = connectorConfigDef.parse(await this.#parts.transformer.transform(config))
    return connector.taskConfigs(values['tasks.max'], values['tasks.max.enforce'])
  }

  /** Called when a connector gets new tasks and the old ones have stopped, before the first of them starts. */
  newTasks(connector: string): void {
    this.#zombies.newTasks(connector)
  }

  /** Starts a task; what is wrong with it is its FAILED status, not the caller's error. */
  async startTask(task: StartedTask): Promise<void> {
    try {
      const spec = await this.#taskSpec(task)
      await this.#fenceZombies(spec)
      if (!this.#startsTasks) return
      this.#host.start(spec, task.target === 'PAUSED' ? 'PAUSED' : 'STARTED')
    } catch (error) {
      this.#parts.log.child(taskLogContext(task.id)).error('Task cannot be made', error)
      this.taskStatusChanged({ id: task.id, state: 'FAILED', trace: traceOf(error) })
    }
  }

  /** From now on no task is started, not even one whose start is under way. */
  startNoMore(): void {
    this.#startsTasks = false
  }

  async #taskSpec({ id, config, taskProps }: StartedTask): Promise<TaskSpec> {
    const { config: worker, transformer, plugins } = this.#parts
    const { kind, className } = findConnector(config, plugins)
    return {
      id,
      kind,
      connectorClass: className,
      workerProps: worker.originals,
      connectorProps: await transformer.transform(config),
      taskProps: await transformer.transform(withTopics(taskProps, config)),
      metrics: this.#newMetrics(id).shared,
    }
  }

  async #fenceZombies({ id, kind, workerProps: worker, connectorProps: connector }: TaskSpec): Promise<void> {
    if (kind === 'source' && isExactlyOnce(this.values)) await this.#zombies.fence({ name: id.connector, worker, connector })
  }

  /** A task's numbers since it was started; null: it is not. */
  taskMetrics(id: ConnectorTaskId): TaskMetrics | null {
    return this.#metrics.get(taskIdText(id)) ?? null
  }

  #newMetrics(id: ConnectorTaskId): TaskMetrics {
    const metrics = new TaskMetrics()
    this.#metrics.set(taskIdText(id), metrics)
    shareInflightBytes(this.#inflight.bytes, this.#metrics)
    return metrics
  }

  /** As `TaskHost.silentSince`. */
  silentSince(id: ConnectorTaskId): number | null {
    return this.#host.silentSince(id)
  }

  setTaskTargetState(id: ConnectorTaskId, target: TargetState): void {
    this.#host.setTargetState(id, target === 'PAUSED' ? 'PAUSED' : 'STARTED')
  }

  async stopTasks(ids: readonly ConnectorTaskId[]): Promise<void> {
    if (ids.length === 0) return
    await this.#host.stop(ids, this.values['task.shutdown.graceful.timeout.ms'])
    for (const id of ids) this.#metrics.delete(taskIdText(id))
    shareInflightBytes(this.#inflight.bytes, this.#metrics)
  }
}

/** Tasks of a sink see what the sink reads (Apache Kafka 4.3, Worker#connectorTaskConfigs). */
function withTopics(taskProps: Props, connector: Props): Props {
  const { topics, 'topics.regex': regex } = connector
  return { ...taskProps, ...(topics === undefined ? {} : { topics }), ...(regex === undefined ? {} : { 'topics.regex': regex }) }
}

/** @throws ConfigException for a class that is not known: no task could be made with it */
function validationContext({ config: { values }, plugins }: WorkerParts): ValidationContext {
  const converters = {
    'key.converter': classOf('converter', 'key.converter', values['key.converter'], plugins),
    'value.converter': classOf('converter', 'value.converter', values['value.converter'], plugins),
    'header.converter': classOf('header_converter', 'header.converter', values['header.converter'], plugins),
  }
  return { plugins, policy: clientOverridePolicy(values), converters, isExactlyOnce: isExactlyOnce(values) }
}

function classOf(kind: 'converter' | 'header_converter', key: string, name: string, plugins: Plugins): string {
  const found = plugins.find(kind, name)
  if (found !== null) return found.className
  const known = plugins.list(kind).map(({ className }) => className)
  throw ConfigException.forKey(key, name, `Class ${name} could not be found. Known are ${known.join(', ')}`)
}
