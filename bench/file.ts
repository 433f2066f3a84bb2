/** File connectors beside Java Connect's, with the same property files: the start, file → topic, topic → file. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { javaTool } from '../test/support/services/java-tools.ts'
import { kcat } from '../test/support/services/kcat.ts'
import type { KafkaBroker } from '../test/support/services/kafka.ts'
import { EndOffset } from '../test/support/services/end-offset.ts'
import { LINE_BYTES, writeLines } from './lines.ts'
import { throughput, watchArrival } from './measured-process.ts'
import { cpuSeconds, memory } from './process-usage.ts'
import type { Metrics, Results } from './results.ts'
import { javaConnectSide, writeProperties, type MeasuredWorker, type WorkerSide } from './worker-side.ts'

const run = promisify(execFile)

const START_LINES = 10
const TIMEOUT_MS = 300_000
const SETTLE_MS = 15_000
const IDLE_MS = 20_000

const CONVERTERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  JsonConverter: {
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'value.converter.schemas.enable': 'false',
  },
  StringConverter: {
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  },
}

export interface FileBenchmark {
  readonly kafka: KafkaBroker
  readonly dir: string
  readonly rounds: number
  readonly lines: number
  /** Part of the names of the cases to run; empty: all. */
  readonly only: string
  readonly sides: readonly WorkerSide[]
  readonly results: Results
}

export async function benchmarkFile(bench: FileBenchmark): Promise<void> {
  const input = join(bench.dir, 'lines.txt')
  const fewLines = join(bench.dir, 'few-lines.txt')
  await writeLines(input, bench.lines)
  await writeLines(fewLines, START_LINES)
  await makeGroupsKnown(bench.kafka.address)
  for (let round = 1; round <= bench.rounds; round++) {
    await eachSide(bench, round, 'start, both connectors', (side, dir) => measureStart(bench, side, dir, fewLines))
    for (const converter of Object.keys(CONVERTERS)) {
      await eachSide(bench, round, `file source, ${converter}`, (side, dir) => measureSource(bench, side, dir, converter, input))
      const sink = (side: WorkerSide, dir: string) => measureSink(bench, side, dir, converter, input)
      await eachSide(bench, round, `file sink, ${converter}`, sink, () => fillTopic(bench, converter, input))
    }
  }
}

/** The first group of a new broker waits for the broker's own offsets topic: not the worker's time. */
async function makeGroupsKnown(address: string): Promise<void> {
  const topic = `warm-up-${randomUUID()}`
  await kcat(address, ['-P', '-t', topic], 'one\n')
  await kcat(address, ['-G', `group-${randomUUID()}`, '-X', 'auto.offset.reset=earliest', '-c', '1', topic])
}

async function eachSide(
  bench: FileBenchmark,
  round: number,
  name: string,
  measure: (side: WorkerSide, dir: string) => Promise<Metrics>,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  if (!name.includes(bench.only)) return
  await prepare()
  for (const side of bench.sides) {
    const dir = join(bench.dir, `run-${randomUUID()}`)
    await mkdir(dir)
    bench.results.add({ case: name, side: side.name, round, metrics: await measure(side, dir) })
    await rm(dir, { recursive: true })
  }
}

function workerFile(bench: FileBenchmark, dir: string, converter: string): Promise<string> {
  return writeProperties(join(dir, 'worker.properties'), {
    'bootstrap.servers': bench.kafka.address,
    ...CONVERTERS[converter],
    'offset.storage.file.filename': join(dir, 'connect.offsets'),
    'offset.flush.interval.ms': 10_000,
  })
}

function sourceFile(dir: string, file: string, topic: string): Promise<string> {
  const name = `bench-source-${randomUUID()}`
  return writeProperties(join(dir, 'source.properties'), { name, 'connector.class': 'FileStreamSource', 'tasks.max': 1, file, topic })
}

function sinkFile(dir: string, file: string, topics: string): Promise<string> {
  const name = `bench-sink-${randomUUID()}`
  return writeProperties(join(dir, 'sink.properties'), { name, 'connector.class': 'FileStreamSink', 'tasks.max': 1, file, topics })
}

async function measureStart(bench: FileBenchmark, side: WorkerSide, dir: string, input: string): Promise<Metrics> {
  const topic = await newTopic(bench, `start-${randomUUID()}`)
  const output = join(dir, 'out.txt')
  const files = [await sourceFile(dir, input, topic), await sinkFile(dir, output, topic)]
  const worker = await workerFile(bench, dir, 'JsonConverter')
  const startedAt = performance.now()
  const running = await side.start(dir, worker, files)
  try {
    const arrival = { read: () => Promise.resolve(sizeOf(output) / LINE_BYTES), expected: START_LINES, timeoutMs: TIMEOUT_MS }
    const readyAt = whenReady(running)
    const { first, last } = await watchArrival(running.server, arrival)
    const idle = await measureIdle(running)
    const ready = await readyAt
    return {
      ...(ready === null ? {} : { readySeconds: (ready - startedAt) / 1000 }),
      firstRecordSeconds: (first.at - startedAt) / 1000,
      startCpuSeconds: last.usage.cpuSeconds,
      ...idle,
    }
  } finally {
    await running.stop()
  }
}

/** What each side logs when its connectors were created. */
const READY = /Kafka Connect (standalone worker )?started/

/** @returns null when the worker has not said it by the time its records have long arrived */
async function whenReady(worker: MeasuredWorker): Promise<number | null> {
  const end = performance.now() + SETTLE_MS
  while (performance.now() < end) {
    if (READY.test(await readFile(worker.server.logFile, 'utf8'))) return performance.now()
    await sleep(20)
  }
  return null
}

async function measureIdle({ server }: MeasuredWorker): Promise<Metrics> {
  await sleep(SETTLE_MS)
  const before = cpuSeconds(server.pid) ?? NaN
  await sleep(IDLE_MS)
  const idleCpuPercent = (((cpuSeconds(server.pid) ?? NaN) - before) * 100_000) / IDLE_MS
  return { idleMb: memory(server.pid)?.nowMb ?? NaN, idleCpuPercent }
}

async function measureSource(bench: FileBenchmark, side: WorkerSide, dir: string, converter: string, input: string): Promise<Metrics> {
  const topic = await newTopic(bench, `source-${randomUUID()}`)
  try {
    return await runSource(bench, side, dir, converter, input, topic)
  } finally {
    await deleteTopic(bench, topic)
  }
}

function filledTopic(converter: string): string {
  return `lines-${converter}`
}

/** The topic sinks read is written by Java Connect: a stranger's batches for our side. */
async function fillTopic(bench: FileBenchmark, converter: string, input: string): Promise<void> {
  const topic = filledTopic(converter)
  if ((await kcat(bench.kafka.address, ['-L'])).includes(`topic "${topic}"`)) return
  const dir = join(bench.dir, topic)
  await mkdir(dir)
  await runSource(bench, javaConnectSide, dir, converter, input, await newTopic(bench, topic))
}

async function runSource(
  bench: FileBenchmark,
  side: WorkerSide,
  dir: string,
  converter: string,
  input: string,
  topic: string,
): Promise<Metrics> {
  const connector = await sourceFile(dir, input, topic)
  const worker = await workerFile(bench, dir, converter)
  const offsets = await EndOffset.of(bench.kafka.address, topic)
  const startedAt = performance.now()
  const running = await side.start(dir, worker, [connector])
  try {
    const arrival = { read: () => offsets.read(), expected: bench.lines, timeoutMs: TIMEOUT_MS }
    return throughput(startedAt, await watchArrival(running.server, arrival))
  } finally {
    offsets.close()
    await running.stop()
  }
}

async function measureSink(bench: FileBenchmark, side: WorkerSide, dir: string, converter: string, input: string): Promise<Metrics> {
  const output = join(dir, 'out.txt')
  const connector = await sinkFile(dir, output, filledTopic(converter))
  const worker = await workerFile(bench, dir, converter)
  const startedAt = performance.now()
  const running = await side.start(dir, worker, [connector])
  try {
    const arrival = { read: () => Promise.resolve(sizeOf(output) / LINE_BYTES), expected: bench.lines, timeoutMs: TIMEOUT_MS }
    const metrics = throughput(startedAt, await watchArrival(running.server, arrival))
    await run('cmp', [input, output])
    return metrics
  } finally {
    await running.stop()
  }
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0
}

async function newTopic(bench: FileBenchmark, topic: string): Promise<string> {
  await javaTool('org.apache.kafka.tools.TopicCommand', ['--bootstrap-server', bench.kafka.address, '--create', '--topic', topic])
  return topic
}

async function deleteTopic(bench: FileBenchmark, topic: string): Promise<void> {
  await javaTool('org.apache.kafka.tools.TopicCommand', ['--bootstrap-server', bench.kafka.address, '--delete', '--topic', topic])
}
