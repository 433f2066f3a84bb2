import { setTimeout as delay } from 'node:timers/promises'
import { ConfigException, ConnectException, RetriableException, SourceTask, type Props, type SourceRecord } from 'standpipe/api'
import type { PgConnection } from '../dialect/connection.ts'
import { SqlException } from '../dialect/sql-exception.ts'
import { currentSchema } from '../dialect/table-catalog.ts'
import { version } from '../version.ts'
import type { SourceFamily } from './config/definitions.ts'
import { ChangeReader } from './cdc/change-reader.ts'
import { readJdbcSourceSettings, type ChangeSettings, type JdbcSourceSettings } from './config/settings.ts'
import { makeTableReader } from './make-table-reader.ts'
import type { TableReader } from './query/table-reader.ts'
import { SourceSession } from './session.ts'
import { listedTables, queryRelation, tableRelation } from './table/relations.ts'
import { TableFailures } from './task-failures.ts'

/** A table of the task, and when it is read next. */
interface ReadTable {
  readonly reader: TableReader
  readonly failures: TableFailures
  /** Epoch milliseconds. */
  dueAt: number
}

const longestIdleMs = 1000

const nothingToRead =
  'Task is being killed because it was not assigned a table nor a query to execute. If run in table mode please make sure that the tables exist on the database. If the table does exist on the database, we recommend using the fully qualified table name.'

/**
 * Reads its tables one after another over one connection, each result to its end before the next table; then each rests for
 * `poll.interval.ms`. Confluent, JdbcSourceTask.
 *
 * Departures: a database that does not answer is waited for without end once the task has started, and records come as soon as there are any.
 */
abstract class FamilyJdbcSourceTask extends SourceTask {
  readonly version = version
  readonly #family: SourceFamily
  readonly #idleMs: number
  #session: SourceSession | null = null
  /** Null: rows are read, not changes. */
  #changes: ChangeReader | null = null
  #intervalMs = 0
  #tables: ReadTable[] = []

  constructor(family: SourceFamily, idleMs: number) {
    super()
    this.#family = family
    this.#idleMs = idleMs
  }

  async start(props: Props): Promise<void> {
    const settings = readJdbcSourceSettings(props, this.#family)
    if (props['tables.fetched'] === 'false') return
    const listed = listedTables(props['tables'] ?? '')
    if (listed.length === 0 && settings.mode.query === '') throw new ConfigException(nothingToRead)
    if (settings.changes !== null) return this.#startChanges(settings, settings.changes, listed)
    this.#intervalMs = settings.poll.intervalMs
    const session = new SourceSession(settings, this.context.log, this.#signal)
    this.#session = session
    const connection = await session.connect()
    await retriable(() => this.#prepare(connection, settings, listed))
  }

  async poll(): Promise<readonly SourceRecord[] | null> {
    if (this.#changes !== null) return this.#pollChanges(this.#changes)
    const endsAt = Date.now() + this.#idleMs
    while (!this.#signal.aborted) {
      const table = this.#nextTable()
      const waitMs = table === null ? this.#idleMs : table.dueAt - Date.now()
      if (table !== null && waitMs <= 0) {
        const records = await this.#read(table)
        if (records.length > 0) return records
      } else {
        const leftMs = endsAt - Date.now()
        if (leftMs <= 0) return null
        await delay(Math.min(waitMs, leftMs), undefined, { signal: this.#signal }).catch(() => null) // aborted: the loop ends
      }
    }
    return null
  }

  override async commit(): Promise<void> {
    await this.#changes?.commit()
  }

  async stop(): Promise<void> {
    await this.#changes?.close()
    await this.#session?.close()
  }

  get #signal(): AbortSignal {
    return this.context.signal
  }

  async #startChanges(settings: JdbcSourceSettings, changes: ChangeSettings, listed: readonly string[]): Promise<void> {
    if (listed.length === 0) throw new ConfigException('mode=cdc reads tables, not a query. Remove query, or set another mode.')
    const tables = listed.map((listed) => tableRelation(listed, settings, 'public').table).filter((table) => table !== null)
    const { offsetStorageReader: offsets, log } = this.context
    this.#changes = new ChangeReader({ settings, changes, tables, offsets, log, signal: this.#signal })
    await retriable(() => this.#changes?.start())
  }

  async #pollChanges(changes: ChangeReader): Promise<readonly SourceRecord[] | null> {
    if (this.#signal.aborted) return null
    try {
      return await retriable(() => changes.poll(this.#idleMs))
    } catch (error) {
      if (this.#signal.aborted) return null
      throw error
    }
  }

  async #prepare(connection: PgConnection, settings: JdbcSourceSettings, listed: readonly string[]): Promise<void> {
    const schema = (await currentSchema(connection)) ?? 'public'
    const relations = settings.mode.query === '' ? listed.map((name) => tableRelation(name, settings, schema)) : [queryRelation(settings)]
    const { log, offsetStorageReader } = this.context
    for (const relation of relations) {
      const reader = await makeTableReader({ relation, settings, connection, offsets: offsetStorageReader, log })
      this.#tables.push({ reader, failures: new TableFailures(settings.poll), dueAt: 0 })
    }
  }

  /** The table that is being read, else the one that is due first, and of several the first by name. */
  #nextTable(): ReadTable | null {
    let next: ReadTable | null = null
    for (const table of this.#tables) {
      if (table.reader.isReading) return table
      if (next === null || table.dueAt < next.dueAt) next = table
    }
    return next
  }

  async #read(table: ReadTable): Promise<readonly SourceRecord[]> {
    const { reader, failures } = table
    const session = this.#session
    if (session === null) return []
    try {
      const records = await reader.next(await session.connection())
      failures.over()
      if (!reader.isReading) table.dueAt = Date.now() + this.#intervalMs
      return records
    } catch (error) {
      reader.abandon()
      session.drop()
      if (this.#signal.aborted) return []
      throw error instanceof SqlException ? this.#failed(table, error) : badRow(reader, error)
    }
  }

  /** Where there are other tables, this one waits longer and longer and holds none of them up; a lone one is paced by the runtime. */
  #failed(table: ReadTable, error: SqlException): Error {
    const failure = table.failures.failed(table.reader.relation.shown, error)
    table.dueAt = Date.now() + (this.#tables.length > 1 && error.kind !== 'system' ? table.failures.pauseMs : 0)
    return failure
  }
}

/** A database that cannot just now is waited for. */
async function retriable<T>(ask: () => Promise<T> | T): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof SqlException) || error.kind !== 'system') throw error
    throw new RetriableException(`The tables cannot be looked at just now: ${error.message}`, { cause: error })
  }
}

/** Reading again would meet the same row. */
function badRow({ relation }: TableReader, error: unknown): Error {
  const because = error instanceof Error ? error.message : String(error)
  return new ConnectException(`Error while polling for records of ${relation.shown}: ${because}`, { cause: error })
}

/** The task of Confluent's JdbcSourceConnector. */
export class ConfluentJdbcSourceTask extends FamilyJdbcSourceTask {
  /** @param idleMs how long `poll` waits when nothing is due */
  constructor(idleMs = longestIdleMs) {
    super('confluent', idleMs)
  }
}

/** The task of Aiven's. */
export class AivenJdbcSourceTask extends FamilyJdbcSourceTask {
  /** @param idleMs how long `poll` waits when nothing is due */
  constructor(idleMs = longestIdleMs) {
    super('aiven', idleMs)
  }
}
