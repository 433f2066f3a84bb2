/** The embedded broker beside Apache Kafka: the same clients, in turns, on brokers that stay up through all rounds. */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../test/support/services/free-ports.ts'
import type { KafkaBroker } from '../test/support/services/kafka.ts'
import { answersMetadata } from '../test/support/services/metadata-probe.ts'
import { ServerProcess } from '../test/support/services/server-process.ts'
import { clientProgram, JAVA, STANDPIPE, type ClientProgram, type Job } from './kafka-clients.ts'
import { writePayloads } from './payloads.ts'
import { cpuSeconds, memory } from './process-usage.ts'
import type { Metrics, Results } from './results.ts'
import { deleteTopic, newTopic } from './topics.ts'

export const EMBEDDED = 'standpipe broker'
export const APACHE_KAFKA = 'Apache Kafka 4.3.1'

const bin = resolve(import.meta.dirname, '../dist/bin/standpipe.js')
const STARTS = 5
const IDLE_MS = 3_000
const READY_POLL_MS = 2
const LATENCY_RATE = 1_000
const LATENCY_SECONDS = 10

export interface BrokerBenchmark {
  readonly kafka: KafkaBroker
  readonly dir: string
  readonly rounds: number
  /** Of 100 B; of 1 KiB a fifth as many. */
  readonly records: number
  readonly only: string
  /** Given to Node before our broker, such as --cpu-prof. */
  readonly nodeOptions: readonly string[]
  readonly isWanted: (side: string) => boolean
  readonly results: Results
}

/** A running broker of either side. */
interface MeasuredBroker {
  readonly side: string
  readonly address: string
  readonly pid: number
}

/** One client program at work on a broker. */
interface Load {
  readonly name: string
  readonly bytes: number
  readonly records: number
  readonly client: ClientProgram
}

export async function benchmarkBroker(bench: BrokerBenchmark): Promise<void> {
  if (bench.isWanted(EMBEDDED)) await benchmarkStart(bench)
  const embedded = await startEmbedded(bench)
  try {
    const brokers = [
      { side: EMBEDDED, address: embedded.address, pid: embedded.server.pid },
      { side: APACHE_KAFKA, address: bench.kafka.address, pid: bench.kafka.pid! },
    ].filter(({ side }) => bench.isWanted(side))
    const java = await clientProgram(JAVA, bench.dir)
    const chosen = loads(bench.records, [java, await clientProgram(STANDPIPE, bench.dir)]).filter(({ name }) => name.includes(bench.only))
    // Round 0 is for the compilers of both sides.
    for (let round = 0; round <= bench.rounds; round++) for (const load of chosen) await measureLoad(bench, brokers, load, round)
    if ('latency'.includes(bench.only)) await benchmarkLatency(bench, brokers, java)
  } finally {
    await embedded.server.stop()
  }
}

function loads(records: number, clients: readonly ClientProgram[]): Load[] {
  return clients.flatMap((client) => [
    { name: `100 B, ${client.name} client`, bytes: 100, records, client },
    { name: `1 KiB, ${client.name} client`, bytes: 1024, records: Math.round(records / 5), client },
  ])
}

/** Both brokers take turns; what one wrote is read back from it. */
async function measureLoad(bench: BrokerBenchmark, brokers: readonly MeasuredBroker[], load: Load, round: number): Promise<void> {
  const { bytes, records, client } = load
  const payloads = await writePayloads(bench.dir, bytes)
  for (const broker of round % 2 === 0 ? brokers : brokers.toReversed()) {
    const topic = await newTopic(broker.address, `load-${randomUUID()}`)
    for (const verb of ['produce', 'consume'] as const) {
      const metrics = await measured(broker, client, { verb, address: broker.address, topic, records, payloads }, bench.dir)
      if (round > 0) bench.results.add({ case: `${verb}, ${load.name}`, side: broker.side, round, metrics })
    }
    await deleteTopic(broker.address, topic)
  }
}

/** The rate is what the client says: the start of a JVM is not the broker's. CPU and memory are the broker's. */
async function measured({ pid }: MeasuredBroker, client: ClientProgram, job: Job, dir: string): Promise<Metrics> {
  const before = cpuSeconds(pid)!
  const { records, ms } = client.said(await runClient(client.command(job), dir))
  const cpu = cpuSeconds(pid)! - before
  return { rate: (records * 1000) / ms, cpuMicros: (cpu * 1e6) / records, peakMb: memory(pid)!.peakMb }
}

/** One producer sends 1,000 records of 100 B a second: how long each waits for its acknowledgement. */
async function benchmarkLatency(bench: BrokerBenchmark, brokers: readonly MeasuredBroker[], java: ClientProgram): Promise<void> {
  const payloads = await writePayloads(bench.dir, 100)
  for (let round = 0; round <= bench.rounds; round++) {
    for (const broker of round % 2 === 0 ? brokers : brokers.toReversed()) {
      const topic = await newTopic(broker.address, `latency-${randomUUID()}`)
      const job: Job = { verb: 'produce', address: broker.address, topic, records: LATENCY_RATE * LATENCY_SECONDS, payloads }
      const metrics = latency(await runClient(paced(java.command(job)), bench.dir))
      if (round > 0) bench.results.add({ case: 'latency, 1,000/s', side: broker.side, round, metrics })
      await deleteTopic(broker.address, topic)
    }
  }
}

function paced(command: readonly string[]): string[] {
  return command.with(command.indexOf('--throughput') + 1, String(LATENCY_RATE))
}

/** The last line of ProducerPerformance. */
function latency(log: string): Metrics {
  const line = log.trimEnd().split('\n').at(-1)!
  const figure = (pattern: RegExp) => Number(pattern.exec(line)?.[1])
  return { p50Millis: figure(/(\d+) ms 50th/), p99Millis: figure(/(\d+) ms 99th/) }
}

/** From the start of the process, in an empty folder, to the first answer; then how it is when nobody wants anything. */
async function benchmarkStart(bench: BrokerBenchmark): Promise<void> {
  for (let round = 1; round <= STARTS; round++) {
    const startedAt = performance.now()
    const { server } = await startEmbedded(bench)
    const readySeconds = (performance.now() - startedAt) / 1000
    const startCpuSeconds = cpuSeconds(server.pid)!
    await sleep(IDLE_MS)
    const idleCpuPercent = ((cpuSeconds(server.pid)! - startCpuSeconds) * 100_000) / IDLE_MS
    const metrics = { readySeconds, startCpuSeconds, idleCpuPercent, idleMb: memory(server.pid)!.nowMb }
    bench.results.add({ case: 'start', side: EMBEDDED, round, metrics })
    await server.stop()
  }
}

async function startEmbedded({ dir, nodeOptions }: BrokerBenchmark): Promise<{ server: ServerProcess; address: string }> {
  const cwd = join(dir, `broker-${randomUUID()}`)
  await mkdir(cwd)
  const [port] = await freePorts(1)
  const address = `127.0.0.1:${port}`
  const args = [...nodeOptions, bin, 'broker', '--dir', join(cwd, 'data'), '--port', String(port)]
  const server = await ServerProcess.start({ command: process.execPath, args, cwd, logFile: join(cwd, 'broker.log') })
  while (!(await answersMetadata(address))) {
    if (server.exit !== null) throw new Error(`The broker ended with ${server.exit}.\n${server.logTail()}`)
    await sleep(READY_POLL_MS)
  }
  return { server, address }
}

/** @returns all it wrote */
async function runClient([program, ...args]: readonly string[], dir: string): Promise<string> {
  const client = await ServerProcess.start({ command: program!, args, cwd: dir, logFile: join(dir, `${randomUUID()}.log`) })
  const exit = await client.exited
  if (exit !== 'exit code 0') throw new Error(`The client ended with ${exit}.\n${client.logTail()}`)
  return readFile(client.logFile, 'utf8')
}
