import { setTimeout as delay } from 'node:timers/promises'
import { ConnectException, type Logger } from 'standpipe/api'
import { SqlException } from '../../dialect/sql-exception.ts'
import type { JdbcSourceSettings } from '../config/settings.ts'
import type { SourceSession } from '../session.ts'
import { discoverTables, type DiscoveredTable } from './discovery.ts'
import { duplicateNames } from './table-filter.ts'

/** What a monitor tells. */
export interface TableListener {
  /** The list is another than before. */
  changed(): void
  /** The monitor has ended by an error that no waiting mends. */
  failed(error: Error): void
}

/** Looks for the tables to read, at once and then every `table.poll.interval.ms`. Confluent, TableMonitorThread. */
export class TableMonitor {
  readonly #session: SourceSession
  readonly #settings: JdbcSourceSettings
  readonly #listener: TableListener
  readonly #log: Logger
  readonly #signal: AbortSignal
  readonly #first = Promise.withResolvers<void>()
  #tables: readonly DiscoveredTable[] | null = null
  /** Somebody was told that the tables are not known yet. */
  #wasUnknown = false
  /** The last look failed; that has been said. */
  #isOut = false

  constructor(session: SourceSession, settings: JdbcSourceSettings, listener: TableListener, log: Logger, signal: AbortSignal) {
    this.#session = session
    this.#settings = settings
    this.#listener = listener
    this.#log = log
    this.#signal = signal
  }

  /** Until the signal. Never fails: what goes wrong is told to the listener. */
  async run(): Promise<void> {
    try {
      while (!this.#signal.aborted) {
        await this.#look()
        await delay(this.#waitMs, undefined, { signal: this.#signal }).catch(() => null) // aborted: the loop ends
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#listener.failed(asError(error))
    } finally {
      this.#first.resolve()
    }
  }

  /** The tables; null: they are not known in time. @throws ConnectException where two of them would share a topic */
  async tables(withinMs: number): Promise<readonly DiscoveredTable[] | null> {
    if (this.#tables === null) {
      const waited = new AbortController()
      await Promise.race([this.#first.promise, delay(withinMs, undefined, { signal: waited.signal }).catch(() => null)])
      waited.abort()
    }
    this.#wasUnknown = this.#tables === null
    if (this.#tables !== null) this.#refuseDuplicates(this.#tables)
    return this.#tables
  }

  /** The first list is waited for by everybody. */
  get #waitMs(): number {
    const { poll, connectionBackoffMs } = this.#settings
    return this.#tables === null ? Math.min(poll.tableIntervalMs, Math.max(100, connectionBackoffMs)) : poll.tableIntervalMs
  }

  async #look(): Promise<void> {
    const before = this.#tables
    try {
      this.#tables = await discoverTables(await this.#session.connection(), this.#settings.filter)
    } catch (error) {
      if (!(error instanceof SqlException)) throw error
      this.#session.drop()
      if (!this.#signal.aborted && !this.#isOut)
        this.#log.warn('The tables cannot be listed just now; those known before are read on', error)
      this.#isOut = true
      return
    }
    if (this.#isOut) this.#log.info('The tables can be listed again')
    this.#isOut = false
    this.#first.resolve()
    const isNew = before === null ? this.#wasUnknown : JSON.stringify(before) !== JSON.stringify(this.#tables)
    if (isNew) this.#listener.changed()
  }

  #refuseDuplicates(tables: readonly DiscoveredTable[]): void {
    if (this.#settings.records.topicFormat.includes('${schema}')) return
    const duplicates = duplicateNames(tables)
    if (duplicates.length === 0) return
    const groups = duplicates.map(
      (name) =>
        `[${tables
          .filter((table) => table.name === name)
          .map((table) => `"${table.schema}"."${table.name}"`)
          .join(', ')}]`,
    )
    const cause = new ConnectException(`${duplicatesText}\n\t[${groups.join(', ')}]`)
    throw new ConnectException('Encountered an unrecoverable error while reading tables from the database', { cause })
  }
}

const duplicatesText =
  "The connector uses the unqualified table name as the topic name and has detected duplicate unqualified table names. This could lead to mixed data types in the topic and downstream processing errors. To prevent such processing errors, the JDBC Source connector fails to start when it detects duplicate table name configurations. Update the connector's 'table.whitelist' config to include exactly one table in each of the tables listed below."

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
