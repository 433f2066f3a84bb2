/**
 * Kafka clients side by side, 100 B and 1 KiB a record, 4 partitions: on a broker that does no work, which shows what a client can do, and on
 * Apache Kafka. Each run is a process of its own, which says how long it took from its first record to its last.
 */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KafkaBroker } from '../test/support/services/kafka.ts'
import { endOffsets } from '../test/support/services/kcat.ts'
import { ServerProcess } from '../test/support/services/server-process.ts'
import {
  bundled,
  clientProgram,
  JAVA,
  KAFKAJS,
  LIBRDKAFKA,
  PLATFORMATIC_KAFKA,
  STANDPIPE,
  type ClientProgram,
  type Job,
} from './kafka-clients.ts'
import { watchToEnd } from './measured-process.ts'
import { writePayloads } from './payloads.ts'
import { cpuSeconds } from './process-usage.ts'
import type { Metrics, Results } from './results.ts'
import { deleteTopic, newTopic } from './topics.ts'

const PARTITIONS = 4
/** The null broker's CPU is the client's limit from here on. */
const BUSY = 0.6

const ON_NULL_BROKER: readonly string[] = [STANDPIPE, LIBRDKAFKA]
export const KAFKA_CLIENTS: readonly string[] = [STANDPIPE, LIBRDKAFKA, JAVA, KAFKAJS, PLATFORMATIC_KAFKA]
/** So much slower that they get a fraction of the records. */
const SLOW: Readonly<Record<string, number>> = { [KAFKAJS]: 10, [PLATFORMATIC_KAFKA]: 5 }

export interface KafkaBenchmark {
  readonly kafka: KafkaBroker
  readonly dir: string
  readonly rounds: number
  /** Of 100 B; of 1 KiB a fifth as many. */
  readonly records: number
  readonly only: string
  readonly nodeOptions: readonly string[]
  readonly isWanted: (side: string) => boolean
  readonly results: Results
}

export async function benchmarkKafka(bench: KafkaBenchmark): Promise<void> {
  const programs = new Map<string, ClientProgram>()
  for (const name of KAFKA_CLIENTS.filter(bench.isWanted)) programs.set(name, await clientProgram(name, bench.dir, bench.nodeOptions))
  for (let round = 1; round <= bench.rounds; round++) {
    for (const [bytes, records] of [
      [100, bench.records],
      [1024, Math.round(bench.records / 5)],
    ] as const) {
      const payloads = await writePayloads(bench.dir, bytes)
      if (isChosen(bench, 'null broker')) await onNullBroker({ bench, programs, round, bytes, records, payloads })
      if (isChosen(bench, 'Kafka')) await onKafka({ bench, programs, round, bytes, records, payloads })
    }
  }
}

interface Round {
  readonly bench: KafkaBenchmark
  readonly programs: ReadonlyMap<string, ClientProgram>
  readonly round: number
  readonly bytes: number
  readonly records: number
  readonly payloads: string
}

/** The target's name decides, when a case was named. */
function isChosen({ only }: KafkaBenchmark, target: string): boolean {
  return only === '' || target.toLowerCase().includes(only.toLowerCase())
}

async function onNullBroker({ bench, programs, round, bytes, records, payloads }: Round): Promise<void> {
  const { dir } = bench
  const topic = `client-${randomUUID()}`
  const script = await bundled('null-broker-process.ts', dir)
  const logFile = join(dir, `null-broker-${randomUUID()}.log`)
  const args = [script, topic, String(PARTITIONS), String(records), payloads]
  const broker = await ServerProcess.start({ command: process.execPath, args, cwd: dir, logFile })
  try {
    const port = async () => (await readFile(logFile, 'utf8')).trim()
    await broker.waitUntil(async () => /^\d+$/.test(await port()), 'The null broker', 10_000)
    const address = `127.0.0.1:${await port()}`
    for (const verb of ['produce', 'consume'] as const) {
      for (const name of ON_NULL_BROKER) {
        const program = programs.get(name)
        if (program === undefined) continue
        const before = cpuSeconds(broker.pid) ?? 0
        const metrics = await measured(program, { verb, address, topic, records, payloads }, dir)
        bench.results.add({ case: `null broker, ${verb}, ${bytes} B`, side: name, round, metrics })
        sayIfBusy((cpuSeconds(broker.pid) ?? 0) - before, records / metrics.rate!)
      }
    }
  } finally {
    await broker.stop()
  }
}

function sayIfBusy(cpu: number, seconds: number): void {
  if (cpu / seconds > BUSY) console.log(`         the null broker itself took ${Math.round((cpu / seconds) * 100)} % of a core`)
}

async function onKafka({ bench, programs, round, bytes, records, payloads }: Round): Promise<void> {
  const { kafka, dir, results } = bench
  const topics: string[] = []
  for (const [name, program] of programs) {
    const topic = await newTopic(kafka.address, `client-${randomUUID()}`, PARTITIONS)
    const job: Job = { verb: 'produce', address: kafka.address, topic, records: fewer(name, records), payloads }
    results.add({ case: `Kafka, produce, ${bytes} B`, side: name, round, metrics: await measured(program, job, dir) })
    await checkArrival(job)
    topics.push(topic)
  }
  const written = topics.at(programs.has(JAVA) ? [...programs.keys()].indexOf(JAVA) : 0)! // a stranger's batches for all
  for (const [name, program] of programs) {
    const job: Job = { verb: 'consume', address: kafka.address, topic: written, records: fewer(name, records), payloads }
    results.add({ case: `Kafka, consume, ${bytes} B`, side: name, round, metrics: await measured(program, job, dir) })
  }
  for (const topic of topics) await deleteTopic(kafka.address, topic)
}

function fewer(name: string, records: number): number {
  return Math.round(records / (SLOW[name] ?? 1))
}

async function measured(program: ClientProgram, job: Job, dir: string): Promise<Metrics> {
  const [command = '', ...args] = program.command(job)
  const logFile = join(dir, `${randomUUID()}.log`)
  const client = await ServerProcess.start({ command, args, cwd: dir, logFile })
  const { cpuSeconds: cpu, peakMb } = await watchToEnd(client)
  const { records, ms } = program.said(await readFile(logFile, 'utf8'))
  if (records < job.records) throw new Error(`${program.name} has only ${records} of ${job.records} records.\n${client.logTail()}`)
  return { rate: (records * 1000) / ms, cpuMicrosWithStart: (cpu * 1e6) / records, peakMb }
}

/** What a client says it has sent is in the log. */
async function checkArrival({ address, topic, records }: Job): Promise<void> {
  const partitions = Array.from({ length: PARTITIONS }, (_, index) => index)
  const arrived = (await endOffsets(address, topic, partitions)).reduce((sum, offset) => sum + offset, 0)
  if (arrived !== records) throw new Error(`${arrived} of ${records} records are in ${topic}.`)
}
