/** File connectors beside Java Connect's, with the same property files: the start, file → topic, topic → file. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { KafkaBroker } from '../test/support/services/kafka.ts'
import { LINE_BYTES, writeLines } from './lines.ts'
import { watchArrival } from './measured-process.ts'
import { cpuSeconds, memory } from './process-usage.ts'
import type { Metrics, Results } from './results.ts'
import * as topics from './topics.ts'
import * as runs from './worker-runs.ts'
import type { MeasuredWorker, WorkerSide } from './worker-side.ts'

const run = promisify(execFile)

const START_LINES = 10
const SETTLE_MS = 15_000
const IDLE_MS = 20_000

type ConverterName = keyof typeof runs.converters

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
  const { address } = bench.kafka
  const input = join(bench.dir, 'lines.txt')
  const fewLines = join(bench.dir, 'few-lines.txt')
  await writeLines(input, bench.lines)
  await writeLines(fewLines, START_LINES)
  await topics.makeGroupsKnown(address)
  for (let round = 1; round <= bench.rounds; round++) {
    await eachSide(bench, round, 'start, both connectors', (side, dir) => measureStart(bench, side, dir, fewLines))
    for (const converter of Object.keys(runs.converters) as ConverterName[]) {
      await eachSide(bench, round, `file source, ${converter}`, (side, dir) => measureSource(bench, side, dir, converter, input))
      const sink = (side: WorkerSide, dir: string) => measureSink(bench, side, dir, converter, input)
      const fill = () => runs.fillTopic(address, filledTopic(converter), input, bench.lines, runs.converters[converter], bench.dir)
      await eachSide(bench, round, `file sink, ${converter}`, sink, fill)
    }
  }
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
  await runs.eachSide(bench, round, name, measure)
}

async function measureStart(bench: FileBenchmark, side: WorkerSide, dir: string, input: string): Promise<Metrics> {
  const { address } = bench.kafka
  const topic = await topics.newTopic(address, `start-${randomUUID()}`)
  const output = join(dir, 'out.txt')
  const connectors = [runs.fileSource(input, topic), runs.fileSink(output, topic)]
  const startedAt = performance.now()
  const running = await runs.startWorker({ address, side, dir, worker: runs.converters.JsonConverter, connectors })
  try {
    const readyAt = whenReady(running)
    const { first, last } = await watchArrival(running.server, runs.linesInFile(output, START_LINES, LINE_BYTES))
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

function filledTopic(converter: ConverterName): string {
  return `lines-${converter}`
}

async function measureSource(
  bench: FileBenchmark,
  side: WorkerSide,
  dir: string,
  converter: ConverterName,
  input: string,
): Promise<Metrics> {
  const { address } = bench.kafka
  const topic = await topics.newTopic(address, `source-${randomUUID()}`)
  try {
    const connectors = [runs.fileSource(input, topic)]
    return await runs.measureToTopic({ address, side, dir, worker: runs.converters[converter], connectors }, topic, bench.lines)
  } finally {
    await topics.deleteTopic(address, topic)
  }
}

async function measureSink(bench: FileBenchmark, side: WorkerSide, dir: string, converter: ConverterName, input: string): Promise<Metrics> {
  const output = join(dir, 'out.txt')
  const connectors = [runs.fileSink(output, filledTopic(converter))]
  const worker = { address: bench.kafka.address, side, dir, worker: runs.converters[converter], connectors }
  const metrics = await runs.measureToFile(worker, output, bench.lines, LINE_BYTES)
  await run('cmp', [input, output])
  return metrics
}
