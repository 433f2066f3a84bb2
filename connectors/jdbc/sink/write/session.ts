import type { Logger } from 'standpipe/api'
import { PgConnection } from '../../dialect/connection.ts'
import type { ConnectionSettings } from '../../dialect/connection-settings.ts'

/** The one connection of a task: opened when it is needed, and again when it is lost. */
export class Session {
  readonly #settings: ConnectionSettings
  readonly #log: Logger
  readonly #closing = new AbortController()
  #connection: PgConnection | null = null
  #isFresh = false
  #namesStatements = true

  constructor(settings: ConnectionSettings, log: Logger) {
    this.#settings = settings
    this.#log = log
  }

  /** Whether nothing has been done with the connection since it was opened, or tried to. */
  get isFresh(): boolean {
    return this.#isFresh
  }

  /** Statements have gone through. */
  used(): void {
    this.#isFresh = false
  }

  /** Of several hosts the one that can be written to, unless the URL asks for another. @throws SqlException */
  async connection(): Promise<PgConnection> {
    if (this.#connection !== null && this.#connection.lost === null) return this.#connection
    const isReopened = this.#connection !== null
    const { hosts, shownUrl } = this.#settings
    this.#isFresh = true
    this.#connection = await PgConnection.open(this.#settings, {
      log: this.#log,
      signal: this.#closing.signal,
      defaultServerType: hosts.length > 1 ? 'preferPrimary' : 'any',
    })
    if (!this.#namesStatements) this.#connection.forgoNames()
    this.#log.info(`${isReopened ? 'Connected again' : 'Connected'} to ${shownUrl} at ${this.#connection.address}`)
    return this.#connection
  }

  /** Statements that were prepared are not found again: from now on they are not prepared. */
  forgoNames(): void {
    this.#namesStatements = false
    this.#connection?.forgoNames()
  }

  /** What is wrong may be the connection, or the server it leads to: the next one is opened anew. */
  drop(): void {
    this.#connection?.destroy()
  }

  /** @param isIdle nothing is under way, so that there is time for a goodbye */
  async close(isIdle: boolean): Promise<void> {
    this.#closing.abort()
    if (isIdle) await this.#connection?.close()
    else this.#connection?.destroy()
  }
}
