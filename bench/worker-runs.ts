/** Runs of one worker, of either side, that several benchmarks measure. */
import { randomUUID } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EndOffset } from '../test/support/services/end-offset.ts'
import { throughput, watchArrival, type Arrival } from './measured-process.ts'
import type { Metrics, Results } from './results.ts'
import { isTopic, newTopic } from './topics.ts'
import { javaConnectSide, writeProperties, type MeasuredWorker, type Properties, type WorkerSide } from './worker-side.ts'

const TIMEOUT_MS = 300_000

/** Converters of the worker file, by the name that cases have. */
export const converters = {
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
} as const satisfies Readonly<Record<string, Properties>>

/** One worker with its connectors, from the start of its process. */
export interface WorkerRun {
  /** Of the broker. */
  readonly address: string
  readonly side: WorkerSide
  /** Its files; removed by the caller. */
  readonly dir: string
  /** Converters, and what else differs from run to run. */
  readonly worker: Properties
  readonly connectors: readonly Properties[]
}

export async function startWorker({ address, side, dir, worker, connectors }: WorkerRun): Promise<MeasuredWorker> {
  const workerFile = await writeProperties(join(dir, 'worker.properties'), {
    'bootstrap.servers': address,
    'offset.storage.file.filename': join(dir, 'connect.offsets'),
    'offset.flush.interval.ms': '10000',
    ...worker,
  })
  const files = connectors.map((properties, index) => writeProperties(join(dir, `connector-${index}.properties`), properties))
  return side.start(dir, workerFile, await Promise.all(files))
}

export function fileSource(file: string, topic: string): Properties {
  return { name: `bench-source-${randomUUID()}`, 'connector.class': 'FileStreamSource', 'tasks.max': '1', file, topic }
}

export function fileSink(file: string, topics: string): Properties {
  return { name: `bench-sink-${randomUUID()}`, 'connector.class': 'FileStreamSink', 'tasks.max': '1', file, topics }
}

/** From the start of the worker until so many records are in the topic, which has one partition. */
export async function measureToTopic(run: WorkerRun, topic: string, expected: number): Promise<Metrics> {
  const offsets = await EndOffset.of(run.address, topic)
  try {
    return await measureArrival(run, { read: () => offsets.read(), expected, timeoutMs: TIMEOUT_MS })
  } finally {
    offsets.close()
  }
}

/** From the start of the worker until so many lines of that size are in the file. */
export async function measureToFile(run: WorkerRun, file: string, expected: number, lineBytes: number): Promise<Metrics> {
  return measureArrival(run, linesInFile(file, expected, lineBytes))
}

export function linesInFile(file: string, expected: number, lineBytes: number): Arrival {
  return { read: () => Promise.resolve(sizeOf(file) / lineBytes), expected, timeoutMs: TIMEOUT_MS }
}

async function measureArrival(run: WorkerRun, arrival: Arrival): Promise<Metrics> {
  const startedAt = performance.now()
  const running = await startWorker(run)
  try {
    return throughput(startedAt, await watchArrival(running.server, arrival))
  } finally {
    await running.stop()
  }
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0
}

/** A topic that Java Connect writes from the lines of a file, as text: a stranger's batches for our side. Once a name. */
export async function fillTopic(
  address: string,
  topic: string,
  input: string,
  lines: number,
  worker: Properties,
  dir: string,
): Promise<void> {
  if (await isTopic(address, topic)) return
  await newTopic(address, topic)
  await inNewFolder(dir, (folder) =>
    measureToTopic({ address, side: javaConnectSide, dir: folder, worker, connectors: [fileSource(input, topic)] }, topic, lines),
  )
}

/** A case that is measured on each side in turn. */
export interface Comparison {
  readonly sides: readonly WorkerSide[]
  readonly dir: string
  readonly results: Results
}

export async function eachSide(
  { sides, dir, results }: Comparison,
  round: number,
  name: string,
  measure: (side: WorkerSide, dir: string) => Promise<Metrics>,
): Promise<void> {
  for (const side of sides) {
    const metrics = await inNewFolder(dir, (folder) => measure(side, folder))
    results.add({ case: name, side: side.name, round, metrics })
  }
}

/** A folder for one run, removed behind it. */
export async function inNewFolder<Result>(dir: string, use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = join(dir, `run-${randomUUID()}`)
  await mkdir(folder)
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}
