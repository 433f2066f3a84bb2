import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { kafkaJars } from './kafka-jars.ts'
import { log4jOption } from './log4j.ts'
import { ServerProcess } from './server-process.ts'

const READY_TIMEOUT_MS = 300_000

/** The heap and collector of Kafka's own `kafka-run-class.sh` with Connect's 2 GB. */
const CONNECT_JVM = [
  ...['-server', '-Xms256m', '-Xmx2g', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35'],
  ...['-XX:+ExplicitGCInvokesConcurrent', '-Djava.awt.headless=true'],
]

export interface ConnectJavaOptions {
  /** Worker properties. `listeners` and, unless the file names one, `plugin.path` are added on a copy. */
  readonly worker: string
  /** How Java looks for plugins, `plugin.discovery`. Default: Java's own, which looks through every class and takes most of the start. */
  readonly discovery?: 'service_load'
  /** Connector property files, used as they are. */
  readonly connectors: readonly string[]
  /** One worker of a cluster, which keeps all it knows in topics and is given connectors by REST only. Default: standalone. */
  readonly isDistributed?: boolean
}

/** Java Kafka Connect 4.3.1: the peer. Its folder holds the log and is removed by `stop`. */
export class ConnectJava {
  /** Address of its REST API. */
  readonly url: string
  readonly server: ServerProcess
  readonly #dir: string

  constructor(url: string, server: ServerProcess, dir: string) {
    this.url = url
    this.server = server
    this.#dir = dir
  }

  /** Resolves when REST answers, which is when the connectors are being started. */
  async ready(): Promise<void> {
    await this.server.waitUntil(() => answers(`${this.url}/connectors`), 'Java Kafka Connect', READY_TIMEOUT_MS)
  }

  /** SIGTERM, so that it commits offsets, and waits for the end. */
  async stop(): Promise<void> {
    await this.server.stop()
    await rm(this.#dir, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Starts the process and does not wait for it: see `ready`. */
export async function spawnConnectJava(options: ConnectJavaOptions): Promise<ConnectJava> {
  const { classPath, pluginPath } = await kafkaJars()
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-connect-java-'))
  const [port] = (await freePorts(1)) as [number]
  const url = `http://127.0.0.1:${port}`
  const worker = await workerCopy(options, dir, url, pluginPath)
  const program = `org.apache.kafka.connect.cli.${options.isDistributed === true ? 'ConnectDistributed' : 'ConnectStandalone'}`
  const command = [...CONNECT_JVM, await log4jOption(dir, 'INFO'), '-cp', classPath, program]
  const server = await ServerProcess.start({
    command: 'java',
    args: [...command, worker, ...options.connectors],
    cwd: dir,
    logFile: join(dir, 'connect.log'),
  })
  return new ConnectJava(url, server, dir)
}

/** Ready, and sooner than users have it: for tests. */
export async function startConnectJava(options: ConnectJavaOptions): Promise<ConnectJava> {
  const connect = await spawnConnectJava({ ...options, discovery: 'service_load' })
  await connect.ready()
  return connect
}

async function workerCopy({ worker, discovery }: ConnectJavaOptions, dir: string, url: string, pluginPath: string): Promise<string> {
  const text = await readFile(worker, 'utf8')
  const plugins = /^\s*plugin\.path\s*[=:]/m.test(text) ? '' : `plugin.path=${pluginPath}\n`
  const copy = join(dir, 'worker.properties')
  await writeFile(copy, `${text}\nlisteners=${url}\n${plugins}${discovery === undefined ? '' : `plugin.discovery=${discovery}\n`}`)
  return copy
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false // not listening yet
  }
}
