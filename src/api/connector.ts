import type { ConfigDef } from './config/config-def.ts'
import type { ConfigValue } from './config/config-value.ts'
import type { Logger } from './logger.ts'
import type { Props } from './props.ts'
import type { SinkTask } from './sink.ts'
import type { SourceTask } from './source.ts'

/** What a connector may ask of the runtime. */
export interface ConnectorContext {
  /** Its lines carry the connector's name. */
  readonly log: Logger
  /** The work has to be split anew: `taskConfigs` is called again and tasks are restarted where their configuration changed. */
  requestTaskReconfiguration(): void
  /** The connector cannot go on; its status becomes FAILED with this error. */
  raiseError(error: Error): void
}

/**
 * Why a configuration is checked. `question`: somebody wants to know, so the other system may be asked too. `creation`: a connector is to
 * be made from it; only what the configuration itself says counts, because a system that is down now is waited for by the tasks.
 */
export type ValidationPurpose = 'question' | 'creation'

/**
 * Splits work into tasks. It moves no record itself. Lifecycle: `initialize` → `start` → `taskConfigs` → … → `stop`;
 * `validate` and `config` may be called at any time, also on an instance that is never started.
 */
export interface Connector {
  readonly kind: 'source' | 'sink'
  /** Of the plugin, as lists of plugins and log lines show it. */
  readonly version: string
  /** The class each task is made of. */
  readonly taskClass: (new () => SourceTask) | (new () => SinkTask)
  /** Called once, before `start`. */
  initialize?(context: ConnectorContext): void
  /** Gets ready: checks that the other system can be reached, for example. @param props the whole configuration, variables resolved @throws any error fails the creation of the connector */
  start(props: Props): Promise<void> | void
  /** One configuration a task, at most `maxTasks`; fewer when there is less to do. */
  taskConfigs(maxTasks: number): readonly Props[] | Promise<readonly Props[]>
  /** Releases what `start` took. Called once; also after a failed `start`. */
  stop(): Promise<void> | void
  /** The declared keys: parsing, documentation and the REST answer come from it. */
  config(): ConfigDef
  /** Checks of the whole configuration. Default: `config().validate(props)`. Return every problem, not the first. */
  validate?(props: Props, purpose: ValidationPurpose): readonly ConfigValue[] | Promise<readonly ConfigValue[]>
}

/** A connector's class, as a plugin exports it. */
export type ConnectorClass = new () => Connector
