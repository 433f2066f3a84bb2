import type { ConfigDef, ConfigValue, ConnectorContext, Props, SinkConnector, SinkTask, ValidationPurpose } from 'standpipe/api'
import { version } from '../version.ts'
import { sinkConfigs, type SinkFamily } from './config/definitions.ts'
import { logConfigNotices } from './config/notices.ts'
import { readJdbcSinkSettings } from './config/settings.ts'
import { validateJdbcSink } from './config/validate.ts'
import { validateWithServer } from './config/server-check.ts'
import { AivenJdbcSinkTask, ConfluentJdbcSinkTask, DebeziumJdbcSinkTask } from './jdbc-sink-task.ts'

/** Writes topics to PostgreSQL. One class a family of property files; they differ in the names and defaults of their keys. */
abstract class FamilyJdbcSinkConnector implements SinkConnector {
  readonly kind = 'sink'
  readonly version = version
  abstract readonly taskClass: new () => SinkTask
  readonly #family: SinkFamily
  #context: ConnectorContext | null = null
  #props: Props = {}

  constructor(family: SinkFamily) {
    this.#family = family
  }

  initialize(context: ConnectorContext): void {
    this.#context = context
  }

  start(props: Props): void {
    readJdbcSinkSettings(props, this.#family)
    if (this.#context !== null) logConfigNotices(props, this.#family, this.#context.log)
    this.#props = props
  }

  taskConfigs(maxTasks: number): readonly Props[] {
    return Array.from({ length: maxTasks }, () => this.#props)
  }

  stop(): void {
    this.#props = {}
  }

  config(): ConfigDef {
    return sinkConfigs[this.#family]
  }

  /** Keys first; when all are right and somebody wants to know, the database is asked. Aiven's connector does not ask. */
  async validate(props: Props, purpose: ValidationPurpose): Promise<readonly ConfigValue[]> {
    const values = validateJdbcSink(props, this.#family)
    return purpose === 'creation' || this.#family === 'aiven' ? values : validateWithServer(values, props, this.#family)
  }

  /** Offsets of the consumer group are all there is, and any of them will do. */
  alterOffsets(): boolean {
    return true
  }
}

/** Confluent's JdbcSinkConnector. */
export class JdbcSinkConnector extends FamilyJdbcSinkConnector {
  readonly taskClass = ConfluentJdbcSinkTask

  constructor() {
    super('confluent')
  }
}

/** Aiven's JdbcSinkConnector. */
export class AivenJdbcSinkConnector extends FamilyJdbcSinkConnector {
  readonly taskClass = AivenJdbcSinkTask

  constructor() {
    super('aiven')
  }
}

/** Debezium's JdbcSinkConnector. */
export class DebeziumJdbcSinkConnector extends FamilyJdbcSinkConnector {
  readonly taskClass = DebeziumJdbcSinkTask

  constructor() {
    super('debezium')
  }
}
