import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from './free-ports.ts'
import { kafkaJars } from './kafka-jars.ts'
import { log4jOption } from './log4j.ts'
import { answersMetadata } from './metadata-probe.ts'
import { ServerProcess } from './server-process.ts'

const run = promisify(execFile)

const READY_TIMEOUT_MS = 240_000

export interface KafkaOptions {
  /** Server properties that differ from those of `serverProperties`; `null` removes one. `{port}` and `{controllerPort}` are the broker's. */
  readonly properties?: Readonly<Record<string, string | null>>
  /** Default: -Xms256m -Xmx512m. */
  readonly jvm?: readonly string[]
  readonly outlivesUs?: boolean
}

/** One Apache Kafka 4.3.1 broker (KRaft, one node) on 127.0.0.1 with its own data folder. */
export class KafkaBroker {
  /** host:port, for `bootstrap.servers`. The same after a restart. */
  readonly address: string
  /** server.properties, the log and the data. Removed by `stop`. */
  readonly dir: string
  readonly #command: readonly string[]
  readonly #outlivesUs: boolean
  #server: ServerProcess | null = null

  constructor(address: string, dir: string, command: readonly string[], outlivesUs: boolean) {
    this.address = address
    this.dir = dir
    this.#command = command
    this.#outlivesUs = outlivesUs
  }

  /** Null while the broker is down. */
  get pid(): number | null {
    return this.#server !== null && this.#server.exit === null ? this.#server.pid : null
  }

  get logFile(): string {
    return join(this.dir, 'kafka.log')
  }

  /** Starts the broker after `kill` or `shutDown`, on the same port and data. */
  async start(): Promise<void> {
    if (this.pid !== null) return
    this.#server = await ServerProcess.start({
      command: 'java',
      args: this.#command,
      cwd: this.dir,
      logFile: this.logFile,
      outlivesUs: this.#outlivesUs,
    })
    await this.#server.waitUntil(() => answersMetadata(this.address), 'The Kafka broker', READY_TIMEOUT_MS)
  }

  /** SIGKILL: as a crash, nothing is flushed or said to clients. */
  async kill(): Promise<void> {
    await this.#server?.kill()
  }

  /** SIGTERM: an orderly end that keeps the data. */
  async shutDown(): Promise<void> {
    await this.#server?.stop()
  }

  async restart(): Promise<void> {
    await this.shutDown()
    await this.start()
  }

  /** Ends the broker and removes its folder. */
  async stop(): Promise<void> {
    await this.shutDown()
    await rm(this.dir, { recursive: true, force: true })
  }

  /** Ends the broker and removes its data, not its log. */
  async stopAndKeepLog(): Promise<void> {
    await this.shutDown()
    await rm(join(this.dir, 'data'), { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/**
 * Starts a broker of one's own and waits until it answers (4 s).
 * @throws Error that says what to install, or shows the end of the broker's log
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  const [port, controllerPort] = (await freePorts(2)) as [number, number]
  const broker = await prepareKafka({ port, controllerPort, clusterId: newClusterId() }, options)
  await broker.start()
  return broker
}

/** Where a node listens, and the cluster it belongs to. */
export interface KafkaPlace {
  readonly port: number
  readonly controllerPort: number
  readonly clusterId: string
}

/** A broker with its folder and formatted storage, not started yet. */
export async function prepareKafka({ port, controllerPort, clusterId }: KafkaPlace, options: KafkaOptions = {}): Promise<KafkaBroker> {
  const { classPath } = await kafkaJars()
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-kafka-'))
  const propertiesFile = await writeConfiguration(dir, serverProperties(dir, port, controllerPort, options.properties ?? {}))
  const logging = await log4jOption(dir, 'WARN')
  await formatStorage(classPath, logging, propertiesFile, clusterId)
  const command = [...(options.jvm ?? ['-Xms256m', '-Xmx512m']), logging, '-cp', classPath, 'kafka.Kafka', propertiesFile]
  return new KafkaBroker(`127.0.0.1:${port}`, dir, command, options.outlivesUs === true)
}

export function newClusterId(): string {
  return randomBytes(16).toString('base64url')
}

function serverProperties(dir: string, port: number, controllerPort: number, overrides: Readonly<Record<string, string | null>>): string {
  const properties: Record<string, string | null> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(dir, 'data'),
    'num.partitions': '1',
    // tests write timestamps of long ago; Kafka's check, at 30 s and then every 5 minutes, would delete such records under the test
    'log.retention.ms': '-1',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'true',
    ...overrides,
  }
  return Object.entries(properties)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${value?.replaceAll('{port}', String(port)).replaceAll('{controllerPort}', String(controllerPort))}\n`)
    .join('')
}

async function writeConfiguration(dir: string, properties: string): Promise<string> {
  const file = join(dir, 'server.properties')
  await writeFile(file, properties)
  return file
}

async function formatStorage(classPath: string, logging: string, propertiesFile: string, clusterId: string): Promise<void> {
  const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', propertiesFile]
  await run('java', ['-XX:TieredStopAtLevel=1', '-Xmx128m', logging, '-cp', classPath, ...format])
}
