import {
  ConfigException,
  ConnectException,
  type ConfigDef,
  type ConfigValue,
  type ConnectorContext,
  type Props,
  type SourceConnector,
  type SourceOffset,
  type SourcePartition,
  type SourceTask,
  type ValidationPurpose,
} from 'standpipe/api'
import { version } from '../version.ts'
import { changePositionOf } from './cdc/change-position.ts'
import { sourceConfigs, type SourceFamily } from './config/definitions.ts'
import { logConfigNotices } from './config/notices.ts'
import { validateWithServer } from './config/server-check.ts'
import { readJdbcSourceSettings, type JdbcSourceSettings } from './config/settings.ts'
import { validateJdbcSource } from './config/validate.ts'
import { AivenJdbcSourceTask, ConfluentJdbcSourceTask } from './jdbc-source-task.ts'
import { positionOf } from './query/position.ts'
import { SourceSession } from './session.ts'
import { tableList } from './table/relations.ts'
import { splitTables } from './table/split-tables.ts'
import { TableMonitor } from './table/table-monitor.ts'

/** What there is between start and stop. */
interface Running {
  readonly props: Props
  readonly settings: JdbcSourceSettings
  readonly session: SourceSession
  /** Null: a query is read. */
  readonly monitor: TableMonitor | null
  /** Resolves when the monitor has ended. */
  readonly monitoring: Promise<void>
}

/** Reads tables of PostgreSQL, or a query. One class a family of property files; they differ in the names and defaults of their keys. */
abstract class FamilyJdbcSourceConnector implements SourceConnector {
  readonly kind = 'source'
  readonly version = version
  abstract readonly taskClass: new () => SourceTask
  readonly #family: SourceFamily
  readonly #stopping = new AbortController()
  #context: ConnectorContext | null = null
  #running: Running | null = null

  constructor(family: SourceFamily) {
    this.#family = family
  }

  initialize(context: ConnectorContext): void {
    this.#context = context
  }

  /** A database that is down is waited for by monitor and tasks, unless the file says how often to try. */
  async start(props: Props): Promise<void> {
    const context = this.#context
    if (context === null) throw new ConnectException('The connector was started before it was initialized.')
    const settings = this.#settings(props)
    logConfigNotices(props, this.#family, context.log)
    const { signal } = this.#stopping
    const session = new SourceSession(settings, context.log, signal)
    const isQuery = settings.mode.query !== ''
    const listener = { changed: () => context.requestTaskReconfiguration(), failed: (error: Error) => context.raiseError(error) }
    const monitor = isQuery ? null : new TableMonitor(session, settings, listener, context.log, signal)
    if (settings.endsWithAttempts) await connectOrClose(session)
    this.#running = { props, settings, session, monitor, monitoring: monitor?.run() ?? Promise.resolve() }
  }

  async taskConfigs(maxTasks: number): Promise<readonly Props[]> {
    if (this.#running === null) return []
    const { props, settings, monitor } = this.#running
    if (monitor === null) return [{ ...props, tables: '', 'tables.fetched': 'true' }]
    const tables = await monitor.tables(settings.poll.firstTablesMs)
    if (tables === null) return [{ ...props, tables: '', 'tables.fetched': 'false' }]
    this.#context?.log.info(`Tables to read: ${tables.length === 0 ? 'none' : tableList(tables, settings)}`)
    return splitTables(tables, settings.changes === null ? maxTasks : 1).map((group) => ({
      ...props,
      tables: tableList(group, settings),
      'tables.fetched': 'true',
    }))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running?.monitoring
    await this.#running?.session.close()
    this.#running = null
  }

  config(): ConfigDef {
    return sourceConfigs[this.#family]
  }

  /** Keys first; when somebody wants to know, the database is asked. */
  async validate(props: Props, purpose: ValidationPurpose): Promise<readonly ConfigValue[]> {
    const values = validateJdbcSource(props, this.#family)
    return purpose === 'creation' ? values : validateWithServer(values, props, this.#family)
  }

  /** A position among ids is exact; rows of one time, whole tables and a snapshot are begun again. */
  exactlyOnceSupport(props: Props): 'supported' | 'unsupported' {
    const { mode, changes } = this.#settings(props)
    return changes === null && mode.mode.endsWith('incrementing') ? 'supported' : 'unsupported'
  }

  /** Any position may be set, also of tables that are no more. */
  alterOffsets(props: Props, offsets: ReadonlyMap<SourcePartition, SourceOffset | null>): boolean {
    const read = this.#settings(props).changes === null ? positionOf : changePositionOf
    for (const offset of offsets.values()) if (offset !== null) read(offset)
    return true
  }

  #settings(props: Props): JdbcSourceSettings {
    try {
      return readJdbcSourceSettings(props, this.#family)
    } catch (error) {
      if (!(error instanceof ConfigException)) throw error
      throw new ConnectException(`Couldn't start JdbcSourceConnector due to configuration error: ${error.message}`, { cause: error })
    }
  }
}

async function connectOrClose(session: SourceSession): Promise<void> {
  try {
    await session.connect()
  } catch (error) {
    await session.close()
    throw error
  }
}

/** Confluent's JdbcSourceConnector. */
export class JdbcSourceConnector extends FamilyJdbcSourceConnector {
  readonly taskClass = ConfluentJdbcSourceTask

  constructor() {
    super('confluent')
  }
}

/** Aiven's, of the same name. */
export class AivenJdbcSourceConnector extends FamilyJdbcSourceConnector {
  readonly taskClass = AivenJdbcSourceTask

  constructor() {
    super('aiven')
  }
}
