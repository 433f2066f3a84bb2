/** Producer and consumer beside Apache's ProducerPerformance and ConsumerPerformance, 100 B and 1 KiB a record. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { kafkaJars } from '../test/support/services/kafka-jars.ts'
import type { KafkaBroker } from '../test/support/services/kafka.ts'
import { log4jOption } from '../test/support/services/log4j.ts'
import { ServerProcess } from '../test/support/services/server-process.ts'
import { EndOffset } from '../test/support/services/end-offset.ts'
import { throughput, watchArrival, watchToEnd } from './measured-process.ts'
import type { Metrics, Results } from './results.ts'
import { deleteTopic, newTopic } from './topics.ts'

const TIMEOUT_MS = 300_000
const PAYLOADS = 1_000

type ClientSide = 'standpipe' | 'java'

export interface KafkaBenchmark {
  readonly kafka: KafkaBroker
  readonly dir: string
  readonly rounds: number
  /** Of 100 B; of 1 KiB a fifth as many. */
  readonly records: number
  readonly sides: readonly ClientSide[]
  readonly results: Results
}

/** One measured client process: what to run, and on what. */
interface Job {
  readonly address: string
  readonly topic: string
  readonly records: number
  readonly payloads: string
}

type Command = (verb: 'produce' | 'consume', job: Job) => readonly string[]

export async function benchmarkKafka(bench: KafkaBenchmark): Promise<void> {
  const commands = new Map<ClientSide, Command>()
  for (const side of bench.sides) commands.set(side, await (side === 'java' ? javaCommand : standpipeCommand)(bench.dir))
  for (let round = 1; round <= bench.rounds; round++) {
    await benchmarkSize(bench, commands, round, 100, bench.records)
    await benchmarkSize(bench, commands, round, 1024, Math.round(bench.records / 5))
  }
}

async function benchmarkSize(
  bench: KafkaBenchmark,
  commands: ReadonlyMap<ClientSide, Command>,
  round: number,
  bytes: number,
  records: number,
): Promise<void> {
  const payloads = await writePayloads(bench.dir, bytes)
  const jobs: Job[] = []
  for (const [side, command] of commands) {
    const job = { address: bench.kafka.address, topic: await newTopic(bench.kafka.address, `client-${randomUUID()}`), records, payloads }
    jobs.push(job)
    bench.results.add({ case: `produce, ${bytes} B`, side, round, metrics: await measureProduce(command, job, bench.dir) })
  }
  const written = jobs.at(-1)! // by Java, when it takes part: a stranger's batches for both sides
  for (const [side, command] of commands) {
    bench.results.add({ case: `consume, ${bytes} B`, side, round, metrics: await measureConsume(side, command, written, bench.dir) })
  }
  for (const { topic } of jobs) await deleteTopic(bench.kafka.address, topic)
}

async function start(command: readonly string[], dir: string): Promise<ServerProcess> {
  const [program, ...args] = command
  return ServerProcess.start({ command: program!, args, cwd: dir, logFile: join(dir, `${randomUUID()}.log`) })
}

async function measureProduce(command: Command, job: Job, dir: string): Promise<Metrics> {
  const offsets = await EndOffset.of(job.address, job.topic)
  const startedAt = performance.now()
  const client = await start(command('produce', job), dir)
  try {
    const watched = await watchArrival(client, { read: () => offsets.read(), expected: job.records, timeoutMs: TIMEOUT_MS })
    return throughput(startedAt, watched)
  } finally {
    offsets.close()
    await client.stop()
  }
}

/** Arrival cannot be watched from outside: both sides say themselves how long it took from the assignment to the last record. */
async function measureConsume(side: ClientSide, command: Command, job: Job, dir: string): Promise<Metrics> {
  const startedAt = performance.now()
  const client = await start(command('consume', job), dir)
  const { cpuSeconds, peakMb } = await watchToEnd(client)
  const endedAt = performance.now()
  const { records, fetchMs } = consumed(side, await readFile(client.logFile, 'utf8'))
  return {
    rate: (records * 1000) / fetchMs,
    rateWithStart: (records * 1000) / (endedAt - startedAt),
    cpuMicrosWithStart: (cpuSeconds * 1e6) / records,
    peakMb,
  }
}

function consumed(side: ClientSide, log: string): { records: number; fetchMs: number } {
  if (side === 'standpipe') return JSON.parse(log.trim().split('\n').at(-1)!) as { records: number; fetchMs: number }
  const lines = log.split('\n').map((line) => line.split(', '))
  const header = lines.findIndex((columns) => columns.includes('fetch.time.ms'))
  const column = (name: string) => Number(lines[header + 1]?.[lines[header]!.indexOf(name)])
  return { records: column('data.consumed.in.nMsg'), fetchMs: column('fetch.time.ms') }
}

/** Bundled, as a user runs it: the process does not spend its start on reading TypeScript. */
async function standpipeCommand(dir: string): Promise<Command> {
  const outfile = join(dir, 'kafka-client.js')
  await build({
    entryPoints: [resolve(import.meta.dirname, 'kafka-client.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['standpipe:source'],
    banner: { js: `import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);` },
  })
  return (verb, job) => [process.execPath, outfile, verb, job.address, job.topic, String(job.records), job.payloads]
}

async function javaCommand(dir: string): Promise<Command> {
  const { classPath } = await kafkaJars()
  const java = ['java', '-server', '-Xmx512m', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', await log4jOption(dir, 'WARN'), '-cp', classPath]
  return (verb, { address, topic, records, payloads }) => {
    const common = ['--bootstrap-server', address, '--topic', topic, '--num-records', String(records)]
    return verb === 'produce'
      ? [...java, 'org.apache.kafka.tools.ProducerPerformance', ...common, '--throughput', '-1', '--payload-file', payloads]
      : [...java, 'org.apache.kafka.tools.ConsumerPerformance', ...common]
  }
}

/** Both sides send from the same lines, so that neither pays for inventing them. */
async function writePayloads(dir: string, bytes: number): Promise<string> {
  const file = join(dir, `payloads-${bytes}.txt`)
  const line = () => randomBytes(bytes).toString('base64').slice(0, bytes)
  await writeFile(file, Array.from({ length: PAYLOADS }, line).join('\n'))
  return file
}
