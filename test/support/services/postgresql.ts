import { execFile } from 'node:child_process'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { freePorts } from './free-ports.ts'
import { ServerProcess, SETPRIV } from './server-process.ts'

const run = promisify(execFile)
const readyTimeoutMs = 60_000

export interface PostgresqlOptions {
  /** Settings of the server besides ours, such as `max_connections`. */
  readonly settings?: Readonly<Record<string, string>>
  readonly outlivesUs?: boolean
}

/** A PostgreSQL server of Debian's package on 127.0.0.1 with its own data folder. Everybody may log in as `postgres`. */
export class PostgresqlServer {
  /** The same after a restart. */
  readonly port: number
  /** Data and log. Removed by `stop`. */
  readonly dir: string
  readonly #binaries: string
  readonly #options: PostgresqlOptions
  #server: ServerProcess | null = null

  constructor(port: number, dir: string, binaries: string, options: PostgresqlOptions) {
    this.port = port
    this.dir = dir
    this.#binaries = binaries
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

  /** Starts the server after `kill` or `shutDown`, on the same port and data. */
  async start(): Promise<void> {
    if (this.#server !== null && this.#server.exit === null) return
    const settings = {
      ...{ listen_addresses: '127.0.0.1', unix_socket_directories: this.dir, fsync: 'off', wal_level: 'logical' },
      ...{ shared_buffers: '64MB', ...this.#options.settings },
    }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const [command, ...args] = asServerUser([join(this.#binaries, 'postgres'), '-D', this.dataDir, '-p', String(this.port), ...flags])
    this.#server = await ServerProcess.start({
      ...{ command: command ?? '', args, cwd: this.dir, logFile: this.logFile },
      outlivesUs: this.#options.outlivesUs === true,
    })
    await this.#server.waitUntil(() => answers(this.port), 'PostgreSQL', readyTimeoutMs)
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
  const binaries = await serverBinaries()
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-postgresql-'))
  if (isRoot()) await giveToServerUser(dir)
  const [port] = (await freePorts(1)) as [number]
  const server = new PostgresqlServer(port, dir, binaries, options)
  const initdb = [
    join(binaries, 'initdb'),
    '-D',
    server.dataDir,
    '-U',
    'postgres',
    '-A',
    'trust',
    '--no-sync',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  ]
  const [command, ...args] = asServerUser(initdb)
  await run(command ?? '', args, { cwd: dir })
  await server.start()
  return server
}

async function serverBinaries(): Promise<string> {
  const root = '/usr/lib/postgresql'
  const versions = await readdir(root).catch(() => [])
  const newest = versions.toSorted((a, b) => Number(a) - Number(b)).at(-1)
  if (newest === undefined)
    throw new Error('There is no PostgreSQL server here. Install it: apt-get install -y --no-install-recommends postgresql')
  return join(root, newest, 'bin')
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** PostgreSQL does not run as root. The change of the user undoes what ties a server to our life: it is tied anew. */
function asServerUser(command: readonly string[]): string[] {
  return isRoot() ? [SETPRIV, '--reuid=postgres', '--regid=postgres', '--init-groups', '--pdeathsig=KILL', ...command] : [...command]
}

async function giveToServerUser(dir: string): Promise<void> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)))
  await chown(dir, uid ?? 0, gid ?? 0)
}

async function answers(port: number): Promise<boolean> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', connectionTimeoutMillis: 5000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false // not yet
  }
}
