import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { freePorts } from './free-ports.ts'
import { postgresqlProgram, type PostgresqlName } from './postgresql-program.ts'
import { ServerProcess, SETPRIV } from './server-process.ts'

const run = promisify(execFile)
const readyTimeoutMs = 60_000

/** Debian's nobody, and its group. */
const NOBODY = 65534

export interface PostgresqlOptions {
  /** Default: Debian's own. */
  readonly name?: PostgresqlName
  /** Settings of the server besides ours, such as `max_connections`. */
  readonly settings?: Readonly<Record<string, string>>
  readonly outlivesUs?: boolean
}

interface ServerUser {
  readonly uid: number
  readonly gid: number
}

interface Program {
  /** Folder of `initdb` and `postgres`. */
  readonly binaries: string
  /** Null: we are not root, and the server runs as we do. */
  readonly user: ServerUser | null
}

/** A PostgreSQL server on 127.0.0.1 with its own data folder. Everybody may log in as `postgres`. */
export class PostgresqlServer {
  /** The same after a restart. */
  readonly port: number
  /** Data and log. Removed by `stop`. */
  readonly dir: string
  readonly #program: Program
  readonly #options: PostgresqlOptions
  #server: ServerProcess | null = null

  constructor(port: number, dir: string, program: Program, options: PostgresqlOptions) {
    this.port = port
    this.dir = dir
    this.#program = program
    this.#options = options
  }

  /** host:port */
  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  get logFile(): string {
    return join(this.dir, 'server.log')
  }

  get dataDir(): string {
    return join(this.dir, 'data')
  }

  /** JDBC URL of a database. */
  jdbcUrl(database: string): string {
    return `jdbc:postgresql://${this.address}/${database}`
  }

  /** Of the process we started; null while the server is down. */
  get pid(): number | null {
    return this.#server !== null && this.#server.exit === null ? this.#server.pid : null
  }

  /** Makes the data folder, once. */
  async initialize(): Promise<void> {
    const initdb = [join(this.#program.binaries, 'initdb'), '-D', this.dataDir, '-U', 'postgres', '-A', 'trust', '--no-sync']
    const [command = '', ...args] = asUser(this.#program.user, [...initdb, '-E', 'UTF8', '--locale=C.UTF-8'])
    await run(command, args, { cwd: this.dir })
  }

  /** Starts the server after `kill` or `shutDown`, on the same port and data. */
  async start(): Promise<void> {
    if (this.pid !== null) return
    const settings = {
      ...{ listen_addresses: '127.0.0.1', unix_socket_directories: this.dir, fsync: 'off', wal_level: 'logical' },
      ...{ shared_buffers: '64MB', ...this.#options.settings },
    }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const outlivesUs = this.#options.outlivesUs === true
    const command = [join(this.#program.binaries, 'postgres'), '-D', this.dataDir, '-p', String(this.port), ...flags]
    const [program = '', ...args] = asUser(this.#program.user, command, outlivesUs)
    this.#server = await ServerProcess.start({ command: program, args, cwd: this.dir, logFile: this.logFile, outlivesUs })
    await this.#server.waitUntil(() => answersPostgresql(this.address), 'PostgreSQL', readyTimeoutMs)
  }

  /** SIGQUIT: as a crash, sessions are cut and the log is replayed at the next start. */
  async crash(): Promise<void> {
    await this.#end('SIGQUIT')
  }

  /** Sessions are cut, data is written. */
  async shutDown(): Promise<void> {
    await this.#end('SIGINT')
  }

  async restart(): Promise<void> {
    await this.shutDown()
    await this.start()
  }

  /** Runs one statement or several in a database, as the administrator. @returns rows of the last one, as texts */
  async query(database: string, sql: string, values: readonly unknown[] = []): Promise<(string | null)[][]> {
    const client = await this.connect(database)
    try {
      const found = await client.query<(string | null)[]>({
        ...{ text: sql, rowMode: 'array', types: { getTypeParser: () => (text: string) => text } },
        ...(values.length === 0 ? {} : { values: [...values] }),
      })
      const last = Array.isArray(found) ? (found as (typeof found)[]).at(-1) : found
      return last?.rows ?? []
    } finally {
      await client.end()
    }
  }

  /** A connection of one's own, to be ended by the caller. */
  async connect(database: string): Promise<Client> {
    const client = new Client({ host: '127.0.0.1', port: this.port, user: 'postgres', database })
    client.on('error', () => undefined) // the server may be killed under it
    await client.connect()
    return client
  }

  /** Ends the server and removes its folder. */
  async stop(): Promise<void> {
    await this.shutDown()
    await rm(this.dir, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server
    if (server === null || server.exit !== null) return
    process.kill(server.pid, signal)
    await server.exited
  }
}

/** Starts a server of one's own and waits until it answers (2 s). @throws Error that says what to install, or shows the end of the log */
export async function startPostgresql(options: PostgresqlOptions = {}): Promise<PostgresqlServer> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-postgresql-'))
  try {
    const binaries = await postgresqlProgram(options.name ?? 'postgresql', dir)
    const user = isRoot() ? await serverUser() : null
    if (user !== null) await chown(dir, user.uid, user.gid)
    const [port] = (await freePorts(1)) as [number]
    const server = new PostgresqlServer(port, dir, { binaries, user }, options)
    await server.initialize()
    await server.start()
    return server
  } catch (error) {
    await rm(dir, { recursive: true, force: true }) // the end of the log is in the error
    throw error
  }
}

/** A server that somebody else has started, and stops. @param address `host:port`, of this machine */
export function postgresqlAt(address: string): PostgresqlServer {
  return new PostgresqlServer(Number(address.replace(/.*:/, '')), '', { binaries: '', user: null }, {})
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** PostgreSQL does not run as root: the user of Debian's package, or nobody. */
async function serverUser(): Promise<ServerUser> {
  const ids = ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout))
  const [uid = NOBODY, gid = NOBODY] = await Promise.all(ids).catch(() => [])
  return { uid, gid }
}

/** The change of the user undoes what ties a server to our life: it is tied anew. */
function asUser(user: ServerUser | null, command: readonly string[], outlivesUs = false): string[] {
  if (user === null) return [...command]
  const tie = outlivesUs ? [] : ['--pdeathsig=KILL']
  return [SETPRIV, `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', ...tie, ...command]
}

/** @param address host:port */
export async function answersPostgresql(address: string): Promise<boolean> {
  const { hostname: host, port } = new URL(`postgresql://${address}`)
  const client = new Client({ host, port: Number(port), user: 'postgres', database: 'postgres', connectionTimeoutMillis: 5000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false // not yet, or nobody there: the caller asks again or starts a server
  }
}
