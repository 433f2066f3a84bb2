/**
 * `npm run demo [-- --once]`: the main job on real input. A file source writes the lines of one file to a topic, a file sink
 * writes the topic to another file, run by the worker on the example files of config/ as they are.
 * It stays up until Ctrl-C; with --once it ends when all input has arrived.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parseProperties } from '../src/properties/parse-properties.ts'
import { EndOffset } from '../test/support/services/end-offset.ts'
import { startKafka } from '../test/support/services/kafka.ts'
import { answersMetadata } from '../test/support/services/metadata-probe.ts'
import { ServerProcess } from '../test/support/services/server-process.ts'

const LINES = 1_000
const LINES_SHOWN = 3
const POLL_MS = 20
const ARRIVAL_TIMEOUT_MS = 60_000

const root = resolve(import.meta.dirname, '..')
const config = (name: string) => join(root, 'config', name)
const workerFile = config('connect-standalone.properties')
const connectorFiles = [config('connect-file-source.properties'), config('connect-file-sink.properties')]

interface Broker {
  readonly address: string
  stop(): Promise<void>
}

async function property(file: string, key: string): Promise<string> {
  const value = parseProperties(await readFile(file, 'latin1'), file).props[key]
  if (value === undefined) throw new Error(`${file} has no ${key}.`)
  return value
}

async function findOrStartBroker(): Promise<Broker> {
  const configured = process.env.CONNECT_BOOTSTRAP_SERVERS ?? (await property(workerFile, 'bootstrap.servers'))
  for (const address of configured.split(',')) {
    if (!(await answersMetadata(address.trim()))) continue
    console.log(`Kafka         ${address} answers and is used`)
    return { address: address.trim(), stop: () => Promise.resolve() }
  }
  console.log(`Kafka         none answers at ${configured}: starting one of our own …`)
  const kafka = await startKafka()
  console.log(`Kafka         ${kafka.address}, for as long as this demo runs`)
  return kafka
}

/** The example files name their files without a folder, so the worker runs in the scratch folder; the rest comes by environment. */
function startWorker(dir: string, address: string): Promise<ServerProcess> {
  return ServerProcess.start({
    command: process.execPath,
    args: [join(root, 'dist/bin/connect-standalone.js'), workerFile, ...connectorFiles],
    cwd: dir,
    logFile: join(dir, 'worker.log'),
    env: { ...process.env, CONNECT_BOOTSTRAP_SERVERS: address, CONNECT_OFFSET_STORAGE_FILE_FILENAME: join(dir, 'connect.offsets') },
  })
}

/** Reads what is appended to a file, line by line. */
class NewLines {
  readonly #file: string
  #position = 0
  #rest = ''

  constructor(file: string) {
    this.#file = file
  }

  async read(): Promise<string[]> {
    if (!existsSync(this.#file)) return []
    await using file = await open(this.#file)
    const { size } = await file.stat()
    const { buffer } = await file.read(Buffer.alloc(size - this.#position), 0, size - this.#position, this.#position)
    this.#position = size
    const lines = (this.#rest + buffer.toString()).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines
  }
}

/** Waits until every expected line is there. Others may arrive before them: a topic of an earlier demo is read from its start. */
async function arrivalOf(expected: readonly string[], arrived: NewLines, worker: ServerProcess, startedAt: number): Promise<string[]> {
  const missing = new Set(expected)
  const seen: string[] = []
  while (missing.size > 0) {
    if (stopped.signal.aborted) return seen
    if (worker.exit !== null) throw new Error(`The worker ended (${worker.exit}).\n${worker.logTail()}`)
    if (performance.now() - startedAt > ARRIVAL_TIMEOUT_MS) throw new Error(`${missing.size} lines have not arrived.\n${worker.logTail()}`)
    for (const line of await arrived.read()) {
      if (seen.length === 0) console.log(`first record  at the sink ${seconds(startedAt)} s after the start of the worker`)
      seen.push(line)
      missing.delete(line)
    }
    await sleep(POLL_MS)
  }
  return seen
}

async function recordsIn(address: string, topic: string): Promise<number> {
  const offset = await EndOffset.of(address, topic)
  try {
    return await offset.read()
  } finally {
    offset.close()
  }
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(2)
}

async function showWhatArrived(dir: string, address: string, startedAt: number, seen: readonly string[]): Promise<void> {
  const topic = await property(config('connect-file-source.properties'), 'topic')
  console.log(`all records   after ${seconds(startedAt)} s`)
  console.log(`source        ${join(dir, 'test.txt')}: ${LINES} lines`)
  console.log(`topic         ${topic}: ${await recordsIn(address, topic)} records`)
  console.log(`sink          ${join(dir, 'test.sink.txt')}: ${seen.length} lines, the last of them`)
  for (const line of seen.slice(-LINES_SHOWN)) console.log(`                ${line}`)
}

async function followUntilStopped(dir: string, arrived: NewLines, worker: ServerProcess): Promise<void> {
  console.log(`\nThe worker stays up until Ctrl-C. Give it more, in another shell:\n  echo hello >> ${join(dir, 'test.txt')}`)
  console.log(`Its log: ${worker.logFile}\n`)
  while (!stopped.signal.aborted) {
    if (worker.exit !== null) throw new Error(`The worker ended (${worker.exit}).\n${worker.logTail()}`)
    for (const line of await arrived.read()) console.log(`arrived       ${line}`)
    await sleep(POLL_MS * 5)
  }
  console.log('\nstopping …')
}

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } })
const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort())

const dir = await mkdtemp(join(tmpdir(), 'standpipe-demo-'))
const broker = await findOrStartBroker()
let worker: ServerProcess | null = null
try {
  const name = dir.slice(-6)
  const input = Array.from({ length: LINES }, (_, index) => `demo ${name}, line ${index + 1} of ${LINES}`)
  await writeFile(join(dir, 'test.txt'), `${input.join('\n')}\n`)
  const startedAt = performance.now()
  worker = await startWorker(dir, broker.address)
  const arrived = new NewLines(join(dir, 'test.sink.txt'))
  const seen = await arrivalOf(input, arrived, worker, startedAt)
  await showWhatArrived(dir, broker.address, startedAt, seen)
  if (!values.once) await followUntilStopped(dir, arrived, worker)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await worker?.stop()
  await broker.stop()
  await rm(dir, { recursive: true, force: true })
}
