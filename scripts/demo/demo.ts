import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { parseProperties } from '../../src/properties/parse-properties.ts'
import { answersMetadata } from '../../test/support/services/metadata-probe.ts'
import { ServerProcess } from '../../test/support/services/server-process.ts'

const root = resolve(import.meta.dirname, '../..')

/** Path of an example file. */
export const config = (name: string): string => join(root, 'config', name)

const workerFile = config('connect-standalone.properties')

/** What a demo is given. */
export interface Demo {
  /** Scratch folder; the worker runs in it. */
  readonly dir: string
  readonly kafka: Kafka
  /** Ends the demo when all input has arrived. */
  readonly once: boolean
  /** Aborted by Ctrl-C. */
  readonly stopped: AbortSignal
}

/** The broker of a demo. */
export interface Kafka {
  /** `host:port` */
  readonly address: string
  /** None was there: the worker brings its own. */
  readonly isEmbedded: boolean
}

/** A server that the demo uses. */
interface Found<Server> {
  readonly server: Server
  /** Leaves a server alone that was there before. */
  readonly stop: () => Promise<void>
}

interface Search<Server> {
  readonly name: string
  /** Where one may be, in this order. */
  readonly addresses: readonly string[]
  /** What starting one costs, for the reader. */
  readonly hint: string
  answers(address: string): Promise<boolean>
  at(address: string): Server
  start(): Promise<Server & { stop(): Promise<void> }>
  addressOf(server: Server): string
}

/** The first server that answers, or one of our own for as long as the demo runs. */
export async function findOrStart<Server>(search: Search<Server>): Promise<Found<Server>> {
  const say = (text: string) => console.log(`${search.name.padEnd(13)} ${text}`)
  for (const address of search.addresses) {
    if (!(await search.answers(address))) continue
    say(`${address} answers and is used`)
    return { server: search.at(address), stop: () => Promise.resolve() }
  }
  say(`none answers at ${search.addresses.join(',')}: starting one of our own${search.hint} …`)
  const server = await search.start()
  say(`${search.addressOf(server)}, for as long as this demo runs`)
  return { server, stop: () => server.stop() }
}

export async function property(file: string, key: string): Promise<string> {
  const value = parseProperties(await readFile(file, 'latin1'), file).props[key]
  if (value === undefined) throw new Error(`${file} has no ${key}.`)
  return value
}

/** The broker that the worker file (or the environment) names, or the embedded one in its place. */
export async function findKafka(): Promise<Kafka> {
  const configured = process.env.CONNECT_BOOTSTRAP_SERVERS ?? (await property(workerFile, 'bootstrap.servers'))
  const [address = ''] = configured.split(',').map((text) => text.trim())
  const isEmbedded = !(await answersMetadata(address))
  const what = isEmbedded ? 'nobody answers: the worker brings its own broker, in memory (--embedded)' : 'answers and is used'
  console.log(`Kafka         ${address} ${what}`)
  return { address, isEmbedded }
}

/** A copy of an example file in the scratch folder, for the server of the demo. @returns its path */
export async function copyWithUrl({ dir }: Demo, name: string, url: string): Promise<string> {
  const text = await readFile(config(name), 'utf8')
  const copy = join(dir, name)
  await writeFile(
    copy,
    text.replace(/^connection\.url=.*$/m, () => `connection.url=${url}`),
  )
  return copy
}

/** The example files name their files without a folder, so the worker runs in the scratch folder; the rest comes by environment. */
export function startWorker({ dir, kafka }: Demo, connectorFiles: readonly string[]): Promise<ServerProcess> {
  return ServerProcess.start({
    command: process.execPath,
    args: [join(root, 'dist/bin/connect-standalone.js'), ...(kafka.isEmbedded ? ['--embedded'] : []), workerFile, ...connectorFiles],
    cwd: dir,
    logFile: join(dir, 'worker.log'),
    env: { ...process.env, CONNECT_BOOTSTRAP_SERVERS: kafka.address, CONNECT_OFFSET_STORAGE_FILE_FILENAME: join(dir, 'connect.offsets') },
  })
}

/** A look at a topic: how many records there are, and the last of them. */
export async function describeTopic({ kafka }: Demo, topic: string): Promise<string> {
  const consumer = await createKafkaClients().consumer({ 'bootstrap.servers': kafka.address }, silentLogger)
  try {
    const partition = { topic, partition: 0 }
    consumer.assign([partition])
    const [end = 0] = await consumer.endOffsets([partition])
    if (end === 0) return `${topic}: no records`
    consumer.seek(partition, end - 1)
    const [polled] = await consumer.poll(POLL_TIMEOUT_MS)
    return `${topic}: ${end} records, the last of them\n                ${String(polled?.records.at(-1)?.value)}`
  } finally {
    await consumer.close()
  }
}

const POLL_TIMEOUT_MS = 30_000

export function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(2)
}

/** @throws Error with the end of the log when the worker has ended, or took too long since `startedAt` */
export function checkProgress(worker: ServerProcess, startedAt: number, waitingFor: string): void {
  if (worker.exit !== null) throw new Error(`The worker ended (${worker.exit}).\n${worker.logTail()}`)
  if (performance.now() - startedAt > ARRIVAL_TIMEOUT_MS) throw new Error(`${waitingFor} have not arrived.\n${worker.logTail()}`)
}

const ARRIVAL_TIMEOUT_MS = 120_000
