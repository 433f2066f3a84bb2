import { setTimeout as delay } from 'node:timers/promises'
import { ConnectException, RetriableException, type Logger } from 'standpipe/api'
import { PgConnection } from '../dialect/connection.ts'
import { SqlException } from '../dialect/sql-exception.ts'
import type { JdbcSourceSettings } from './config/settings.ts'

/**
 * Texts of values as they are read here, whatever the database says. From version 14 on the server looks every second whether somebody
 * still waits for a statement: one that was cut off ends there too.
 */
const sessionSql = `SELECT set_config('DateStyle', 'ISO, YMD', false), set_config('TimeZone', 'UTC', false),
set_config('IntervalStyle', 'postgres', false), set_config('bytea_output', 'hex', false), set_config('extra_float_digits', '1', false),
(SELECT set_config(name, '1000', false) FROM pg_catalog.pg_settings WHERE name = 'client_connection_check_interval')`

/** How to connect. */
export type SessionSettings = Pick<JdbcSourceSettings, 'connection' | 'connectionAttempts' | 'endsWithAttempts' | 'connectionBackoffMs'>

/** The one connection of a task or a connector: opened when it is needed, dropped when it is of no more use, cut when the owner stops. */
export class SourceSession {
  readonly #settings: SessionSettings
  readonly #log: Logger
  readonly #signal: AbortSignal
  readonly #cut = () => this.#connection?.destroy()
  #connection: PgConnection | null = null

  /** @param signal ends waits, and cuts the connection */
  constructor(settings: SessionSettings, log: Logger, signal: AbortSignal) {
    this.#settings = settings
    this.#log = log
    this.#signal = signal
    signal.addEventListener('abort', this.#cut)
  }

  /** The connection; a new one where there is none, or none any more. One attempt. @throws SqlException */
  async connection(): Promise<PgConnection> {
    if (this.#connection !== null && this.#connection.lost === null) return this.#connection
    const connection = await PgConnection.open(this.#settings.connection, { log: this.#log, signal: this.#signal })
    this.#connection = connection
    if (this.#signal.aborted) this.#cut()
    await connection.query(sessionSql)
    return connection
  }

  /** As often as `connection.attempts` says. @throws ConnectException when none succeeds; a RetriableException where the file sets no such limit */
  async connect(): Promise<PgConnection> {
    const { connectionAttempts, connectionBackoffMs, endsWithAttempts } = this.#settings
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.connection()
      } catch (error) {
        if (!(error instanceof SqlException)) throw error
        if (attempt >= connectionAttempts || this.#signal.aborted) {
          const Failure = endsWithAttempts ? ConnectException : RetriableException
          throw new Failure(`org.postgresql.util.PSQLException: ${error.message}`, { cause: error })
        }
        this.#log.warn(
          `Attempt ${attempt} of ${connectionAttempts} to connect to ${this.#settings.connection.shownUrl} failed; the next is in ${connectionBackoffMs} ms`,
          error,
        )
        await delay(connectionBackoffMs, undefined, { signal: this.#signal }).catch(() => null) // aborted: the next round ends it
      }
    }
  }

  /** After an error: what the connection was in the middle of is of no more interest. */
  drop(): void {
    this.#connection?.destroy()
    this.#connection = null
  }

  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#cut)
    const connection = this.#connection
    this.#connection = null
    await connection?.close()
  }
}
