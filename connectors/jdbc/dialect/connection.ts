import { Client, type ClientConfig, type QueryArrayConfig, type Submittable } from 'pg'
import type { Logger } from 'standpipe/api'
import type { ConnectionSettings, TargetServerType } from './connection-settings.ts'
import { CopyIn } from './copy-in.ts'
import { fitness, hostsToTry, type ServerRole } from './host-choice.ts'
import type { HostAddress } from './jdbc-url.ts'
import { SqlException, sqlExceptionOf } from './sql-exception.ts'
import { tlsAttempts, type TlsAttempt } from './tls.ts'

/** A value as the server wrote it; null is NULL. */
export type SqlText = string | null

/** What stands for a `$n`: a text, or a value in the binary form of its type. */
export type SqlParameter = SqlText | Buffer

/** A column of a result, under the names that `pg` gives its parts. */
export interface ResultColumn {
  /** The label. */
  readonly name: string
  /** OID of the table it comes from unchanged; 0: computed. */
  readonly tableID: number
  /** Its number in that table. */
  readonly columnID: number
  /** OID of the type; of a domain, the type below it. */
  readonly dataTypeID: number
  /** Length, precision and scale as the type keeps them; -1: none. */
  readonly dataTypeModifier: number
}

/** What a statement gave. */
export interface SqlResult {
  readonly rows: SqlText[][]
  readonly columns: readonly ResultColumn[]
  /** Rows that the statement read or changed. */
  readonly count: number
}

export interface OpenOptions {
  readonly log: Logger
  /** Ends the attempt; the promise rejects. */
  readonly signal?: AbortSignal
  /** Where the URL does not say which server is wanted. Default: any. */
  readonly defaultServerType?: TargetServerType
}

/** Each is kept by the server as long as the session lasts. */
const mostNames = 200

/** Rows come as the server's own text: nothing is lost in numbers and dates of JavaScript. */
const asText = { getTypeParser: () => (value: string) => value }

/** A session on a PostgreSQL server. Statements run one after another, in the order of the calls. Errors are SqlExceptions. */
export class PgConnection {
  /** host:port */
  readonly address: string
  readonly #client: Client
  readonly #names = new Map<string, string>()
  #namesStatements: boolean
  #lost: SqlException | null = null

  private constructor(client: Client, address: string, namesStatements: boolean) {
    this.#client = client
    this.address = address
    this.#namesStatements = namesStatements
    client.on('error', (error) => (this.#lost ??= sqlExceptionOf(error, address)))
    client.on('end', () => (this.#lost ??= new SqlException(`The connection to ${address} was closed.`, '08006')))
  }

  /**
   * Connects to the first server that answers and is of the kind wanted.
   * @throws SqlException of the first server that failed, when none will do @throws ConfigException for a certificate that cannot be read
   */
  static async open(settings: ConnectionSettings, options: OpenOptions): Promise<PgConnection> {
    const wanted = settings.targetServerType ?? options.defaultServerType ?? 'any'
    let failure: SqlException | null = null
    let secondBest: PgConnection | null = null
    for (const host of hostsToTry(settings, Math.random)) {
      if (options.signal?.aborted === true) break
      try {
        const connection = await openHost(settings, host)
        const fit = await connection.#fitness(wanted)
        if (fit === 'good') {
          await secondBest?.close()
          return connection
        }
        if (fit === 'second best' && secondBest === null) secondBest = connection
        else await connection.close()
        failure ??= new SqlException(`Could not find a server with specified targetServerType: ${wanted}`, '08001')
      } catch (error) {
        if (!(error instanceof SqlException)) throw error
        failure ??= error
        options.log.debug(`No connection to ${host.host}:${host.port}: ${error.message}`)
      }
    }
    if (secondBest !== null) return secondBest
    throw failure ?? new SqlException('The connection attempt was given up because the task stops.', '08001')
  }

  /** For `open` alone. */
  static async connect(config: ClientConfig, address: string, namesStatements: boolean): Promise<PgConnection> {
    const client = new Client(config)
    const connection = new PgConnection(client, address, namesStatements)
    try {
      await client.connect()
      return connection
    } catch (error) {
      connection.destroy()
      throw sqlExceptionOf(error, address)
    }
  }

  /** Why the connection can no longer be used; null while it can. */
  get lost(): SqlException | null {
    return this.#lost
  }

  /** @param values one a `$n` @throws SqlException */
  async query(text: string, values: readonly SqlParameter[] = []): Promise<SqlResult> {
    return this.#run({ text, values: values as SqlParameter[], rowMode: 'array', types: asText })
  }

  /** As `query`, for statements that come again and again: parsed once a session where the settings allow. */
  async queryPrepared(text: string, values: readonly SqlParameter[]): Promise<SqlResult> {
    let name = this.#names.get(text)
    if (!this.#namesStatements || (name === undefined && this.#names.size >= mostNames)) return this.query(text, values)
    if (name === undefined) this.#names.set(text, (name = `standpipe_${this.#names.size + 1}`))
    return this.#run({ text, name, values: values as SqlParameter[], rowMode: 'array', types: asText })
  }

  /** @param sql `COPY … FROM STDIN` @param rows in its text format @returns how many there were @throws SqlException */
  async copyIn(sql: string, rows: Buffer): Promise<number> {
    return this.#guarded(async () => this.#client.query(new CopyIn(sql, rows)).done)
  }

  /** A statement that talks with the server in its own way, such as COPY; begun at once where nothing else is under way. */
  submit<Statement extends Submittable>(statement: Statement): Statement {
    return this.#client.query(statement)
  }

  /** A pool between us and the server loses prepared statements: from now on there are none. */
  forgoNames(): void {
    this.#namesStatements = false
  }

  /** Says goodbye to the server, if it is there. Never fails. */
  async close(): Promise<void> {
    if (this.#lost !== null) return this.destroy()
    this.#lost = new SqlException(`The connection to ${this.address} was closed.`, '08003')
    await this.#client.end().catch(() => this.destroy())
  }

  /** Cuts the connection: statements under way fail here, and the server notices when it next reads or writes. */
  destroy(): void {
    this.#lost ??= new SqlException(`The connection to ${this.address} was cut.`, '08003')
    socketOf(this.#client)?.destroy()
  }

  async #run(query: QueryArrayConfig<SqlParameter[]>): Promise<SqlResult> {
    return this.#guarded(async () => {
      const { rows, rowCount, fields } = await this.#client.query<SqlText[]>(query)
      return { rows, columns: fields, count: rowCount ?? 0 }
    })
  }

  async #guarded<T>(statement: () => Promise<T>): Promise<T> {
    if (this.#lost !== null) throw this.#lost
    try {
      return await statement()
    } catch (error) {
      const failure = sqlExceptionOf(error, this.address)
      if (failure.sqlState.startsWith('08')) this.destroy()
      throw failure
    }
  }

  async #fitness(wanted: TargetServerType): Promise<'good' | 'second best' | 'unfit'> {
    if (wanted === 'any') return 'good'
    const { rows } = await this.query("SELECT current_setting('transaction_read_only')")
    const role: ServerRole = rows[0]?.[0] === 'off' ? 'primary' : 'secondary'
    return fitness(wanted, role)
  }
}

async function openHost(settings: ConnectionSettings, { host, port }: HostAddress): Promise<PgConnection> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  let failure: SqlException | null = null
  for (const tls of tlsAttempts(settings.tls)) {
    try {
      const config = clientConfig(settings, { host, port }, tls)
      return await PgConnection.connect(config, address, settings.namesStatements)
    } catch (error) {
      if (!(error instanceof SqlException)) throw error
      // that a server has no TLS explains nothing when it refuses the connection without TLS too
      if (failure?.sqlState !== '28000') failure = error
      if (!mayDependOnTls(error)) break
    }
  }
  throw failure ?? new SqlException(`No attempt was made to connect to ${address}.`, '08001')
}

/** The server has no TLS, or lets nobody in with it, or without it. */
function mayDependOnTls({ sqlState, message }: SqlException): boolean {
  return sqlState === '28000' || /\bSSL\b|\bTLS\b/.test(message)
}

function clientConfig(settings: ConnectionSettings, { host, port }: HostAddress, tls: TlsAttempt): ClientConfig {
  const { password, startupOptions: options, statementTimeoutMs, socketTimeoutMs } = settings
  return {
    host,
    port,
    database: settings.database,
    user: settings.user,
    ...(password === null ? {} : { password: password.value() }),
    ssl: tls,
    application_name: settings.applicationName,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: settings.keepsAlive,
    ...(options === '' ? {} : { options }),
    ...(settings.isReplication === true ? { replication: 'database' } : {}),
    ...(statementTimeoutMs === 0 ? {} : { statement_timeout: statementTimeoutMs }),
    ...(socketTimeoutMs === 0 ? {} : { query_timeout: socketTimeoutMs }),
  }
}

/** `pg` has the socket, but not in its types. */
function socketOf(client: Client): { destroy(): void } | null {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  return connection?.stream ?? null
}
