import { appendFile, chown, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheDir, cached, download, maven, requireProgram } from './download.ts'
import { giveTree } from './file-trees.ts'
import { freePorts } from './free-ports.ts'
import { javaHome, type JavaRange } from './java-home.ts'
import { reachable } from './reachable.ts'
import { ServerProcess, SETPRIV } from './server-process.ts'

const READY_TIMEOUT_MS = 120_000
const PROBE_TIMEOUT_MS = 10_000

/** Neither server starts as root: nobody of Debian, and its group. */
const NOBODY = 65534

/** Ready in half the time and CPU of the whole compiler, which a test never pays back. */
const QUICK_START = '-XX:TieredStopAtLevel=1'

/** One build of a search server: where it comes from, and what is peculiar to it. */
export interface NodeBuild {
  /** As a person says it, "Elasticsearch 8.19.9". */
  readonly name: string
  /** Of its program, its configuration file and its variables: `bin/elasticsearch`, `elasticsearch.yml`, `ES_JAVA_HOME`. */
  readonly program: 'elasticsearch' | 'opensearch'
  readonly version: string
  readonly java: JavaRange
  /** Settings this build needs beside those of `settingsFile`. */
  readonly settings: Readonly<Record<string, string>>
}

export interface NodeOptions {
  /** Settings that differ from the build's. `{dir}` is the server's folder. */
  readonly settings?: Readonly<Record<string, string>>
  /** Files put into its `config` folder before the first start, by name. */
  readonly configFiles?: Readonly<Record<string, string>>
  /** JVM options. Default: a heap of 512 MB and the quick compiler. */
  readonly jvm?: readonly string[]
  /** Sent with the probes: a server with security on answers nobody else. */
  readonly authorization?: string
  readonly outlivesUs?: boolean
}

/** A search server of one node on 127.0.0.1 with its own data folder. */
export class SearchNode {
  readonly name: string
  /** `http://host:port`, for `connection.url`. The same after a restart. */
  readonly url: string
  /** The program, its configuration, the log and the data. Removed by `stop`. */
  readonly dir: string
  readonly #build: NodeBuild
  readonly #java: string
  readonly #options: NodeOptions
  #server: ServerProcess | null = null

  constructor(build: NodeBuild, at: { url: string; dir: string; java: string }, options: NodeOptions) {
    this.name = build.name
    this.url = at.url
    this.dir = at.dir
    this.#build = build
    this.#java = at.java
    this.#options = options
  }

  /** Of the process we started; null while the server is down. Elasticsearch 8 and later work in a child of it. */
  get pid(): number | null {
    return this.#server !== null && this.#server.exit === null ? this.#server.pid : null
  }

  get logFile(): string {
    return join(this.dir, 'server.log')
  }

  get #pidFile(): string {
    return join(this.dir, 'server.pid')
  }

  /** Pid of the JVM that holds the data, as the server recorded it. */
  async serverPid(): Promise<number> {
    return Number(await readFile(this.#pidFile, 'utf8'))
  }

  /** Starts the server after `kill` or `shutDown`, on the same port and data, and waits until its shards answer. */
  async start(): Promise<void> {
    if (this.pid !== null) return
    await rm(this.#pidFile, { force: true })
    this.#server = await ServerProcess.start({
      ...asUser([join(this.dir, 'home', 'bin', this.#build.program), '-p', this.#pidFile], this.#options.outlivesUs === true),
      cwd: this.dir,
      logFile: this.logFile,
      env: this.#environment(),
      outlivesUs: this.#options.outlivesUs === true,
    })
    await this.#server.waitUntil(() => answersHealth(this.url, this.#options.authorization), this.name, READY_TIMEOUT_MS)
  }

  /** SIGKILL to the JVM that holds the data: as a crash, nothing is flushed or said to clients. */
  async kill(): Promise<void> {
    if (this.pid === null) return
    process.kill(await this.serverPid(), 'SIGKILL')
    await this.#server?.exited
  }

  /** SIGTERM: an orderly end that keeps the data. */
  async shutDown(): Promise<void> {
    await this.#server?.stop()
  }

  async restart(): Promise<void> {
    await this.shutDown()
    await this.start()
  }

  /** Ends the server and removes its folder. */
  async stop(): Promise<void> {
    await this.shutDown()
    await rm(this.dir, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #environment(): NodeJS.ProcessEnv {
    const prefix = this.#build.program === 'elasticsearch' ? 'ES' : 'OPENSEARCH'
    return {
      PATH: process.env.PATH,
      [`${prefix}_JAVA_HOME`]: this.#java,
      [`${prefix}_TMPDIR`]: join(this.dir, 'tmp'),
      [`${prefix}_PATH_CONF`]: join(this.dir, 'config'),
    }
  }
}

/**
 * Starts a server of one's own and waits until it answers (6 s; the first time 98 MB are fetched).
 * @throws Error that says what to install, or shows the end of the server's log
 */
export async function startNode(build: NodeBuild, options: NodeOptions = {}): Promise<SearchNode> {
  const java = await javaHome(build.name, build.java)
  const distribution = await fetchedDistribution(build)
  const dir = await mkdtemp(join(tmpdir(), `standpipe-${build.program}-`))
  try {
    const node = await prepared(build, { java, distribution, dir }, options)
    await node.start()
    return node
  } catch (error) {
    await rm(dir, { recursive: true, force: true }) // the end of the log is in the error
    throw error
  }
}

interface Ingredients {
  readonly java: string
  readonly distribution: string
  readonly dir: string
}

async function prepared(build: NodeBuild, { java, distribution, dir }: Ingredients, options: NodeOptions): Promise<SearchNode> {
  const [port, transportPort] = (await freePorts(2)) as [number, number]
  const home = await reachable(distribution, join(dir, 'home'))
  await cp(join(home, 'config'), join(dir, 'config'), { recursive: true })
  for (const folder of ['data', 'logs', 'tmp']) await mkdir(join(dir, folder))
  await configure(build, dir, { port, transportPort }, options)
  const reachableJava = java.startsWith(cacheDir) ? await reachable(java, join(dir, 'java')) : java
  await trimJvmOptions(dir, reachableJava)
  await handOver(dir)
  return new SearchNode(build, { url: `http://127.0.0.1:${port}`, dir, java: reachableJava }, options)
}

/** Builds without demo data and plugins, made for the integration tests of plugins: 57 to 98 MB. */
async function fetchedDistribution({ name, program, version }: NodeBuild): Promise<string> {
  const folder = join(cacheDir, `${program}-${version}`)
  await cached(name, folder, async (scratch) => {
    await requireProgram(name, 'unzip', ['-v'], 'unzip')
    const group = `org.${program}.distribution.integ-test-zip`
    await maven(name, 'dependency:copy', `-Dartifact=${group}:${program}:${version}:zip`, `-DoutputDirectory=${scratch}`)
    await download('unzip', '-q', join(scratch, `${program}-${version}.zip`), '-d', scratch)
    return join(scratch, `${program}-${version}`)
  })
  return folder
}

async function configure(
  build: NodeBuild,
  dir: string,
  ports: { readonly port: number; readonly transportPort: number },
  options: NodeOptions,
): Promise<void> {
  const settings: Record<string, string> = {
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': String(ports.port),
    'transport.port': String(ports.transportPort),
    'path.data': join(dir, 'data'),
    'path.logs': join(dir, 'logs'),
    'cluster.routing.allocation.disk.threshold_enabled': 'false',
    ...build.settings,
    ...options.settings,
  }
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${value.replaceAll('{dir}', dir)}\n`)
  const config = join(dir, 'config')
  await writeFile(join(config, `${build.program}.yml`), lines.join(''))
  await mkdir(join(config, 'jvm.options.d'), { recursive: true })
  const jvm = options.jvm ?? ['-Xms512m', '-Xmx512m', QUICK_START]
  await writeFile(join(config, 'jvm.options.d', 'standpipe.options'), `${jvm.join('\n')}\n`)
  for (const [name, text] of Object.entries(options.configFiles ?? {})) await appendFile(join(config, name), text)
}

/**
 * Garbage collection logs would go into the program's folder, which is not the server's. A packaged Java lacks the module of vector
 * instructions, which the servers can do without but name in their options.
 */
async function trimJvmOptions(dir: string, java: string): Promise<void> {
  const file = join(dir, 'config', 'jvm.options')
  const hasVectors = (await readFile(join(java, 'release'), 'utf8')).includes('jdk.incubator.vector')
  const unwanted = hasVectors ? /gc\.log/ : /gc\.log|jdk\.incubator\.vector/
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => !unwanted.test(line))
  await writeFile(file, lines.join('\n'))
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** The program itself stays ours, for it is shared; what the server writes to becomes its own. */
async function handOver(dir: string): Promise<void> {
  if (!isRoot()) return
  await chown(dir, NOBODY, NOBODY)
  for (const folder of ['config', 'data', 'logs', 'tmp']) await giveTree(join(dir, folder), { uid: NOBODY, gid: NOBODY })
}

/** A change of user undoes the tie to our process, so that it is made again behind it. */
function asUser(command: readonly string[], outlivesUs: boolean): { command: string; args: readonly string[] } {
  const [program = '', ...args] = command
  if (!isRoot()) return { command: program, args }
  const tie = outlivesUs ? [] : ['--pdeathsig', 'KILL']
  return { command: SETPRIV, args: [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...tie, program, ...args] }
}

/** Whether the server has its shards: `GET /` is no probe, for the test builds of 8 and 9 do not have it. */
export async function answersHealth(url: string, authorization?: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      headers: authorization === undefined ? {} : { authorization },
    })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false // not yet, or nobody there: the caller asks again or starts a server
  }
}
