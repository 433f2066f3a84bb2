/** A chain of five transformations: by itself, and in workers beside Java Connect's with the same property files. */
import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { KafkaBroker } from '../test/support/services/kafka.ts'
import { chainCost } from './chain-cost.ts'
import { fiveOfStructs, fiveTransformations, jsonLine, transformedText, untouchedText } from './json-lines.ts'
import { writeLines } from './lines.ts'
import type { Metrics, Results } from './results.ts'
import * as topics from './topics.ts'
import * as runs from './worker-runs.ts'
import type { Properties, WorkerSide } from './worker-side.ts'

const CHAIN_CASE = '5 transformations of a schemaless 200 B object'

const TOPIC = 'json-lines'

export interface TransformsBenchmark {
  readonly kafka: KafkaBroker
  readonly dir: string
  readonly rounds: number
  /** Records of each run of a worker. */
  readonly lines: number
  readonly sides: readonly WorkerSide[]
  readonly results: Results
}

export async function benchmarkTransforms(bench: TransformsBenchmark): Promise<void> {
  const { address } = bench.kafka
  const input = join(bench.dir, 'json-lines.txt')
  await writeLines(input, bench.lines, jsonLine)
  await topics.makeGroupsKnown(address)
  await runs.fillTopic(address, TOPIC, input, bench.lines, runs.converters.StringConverter, bench.dir)
  for (let round = 1; round <= bench.rounds; round++) {
    bench.results.add({ case: CHAIN_CASE, side: 'standpipe', round, metrics: await chainCost() })
    await runs.eachSide(bench, round, 'JSON topic → file, no transformation', (side, dir) => measureSink(bench, side, dir, {}))
    await runs.eachSide(bench, round, 'JSON topic → file, 5 transformations', (side, dir) =>
      measureSink(bench, side, dir, fiveTransformations),
    )
    await runs.eachSide(bench, round, 'file → JSON topic, no transformation', (side, dir) => measureSource(bench, side, dir, input, {}))
    await runs.eachSide(bench, round, 'file → JSON topic, HoistField and 5 transformations', (side, dir) =>
      measureSource(bench, side, dir, input, fiveOfStructs),
    )
  }
}

async function measureSink(bench: TransformsBenchmark, side: WorkerSide, dir: string, transforms: Properties): Promise<Metrics> {
  const output = join(dir, 'out.txt')
  const connectors = [{ ...runs.fileSink(output, TOPIC), ...transforms }]
  const lineOf = transforms === fiveTransformations ? transformedText : untouchedText
  const run = { address: bench.kafka.address, side, dir, worker: runs.converters.JsonConverter, connectors }
  const lineBytes = lineOf(0).length + 1
  const metrics = await runs.measureToFile(run, output, bench.lines, lineBytes)
  for (const number of [0, bench.lines >> 1, bench.lines - 1]) await checkLine(output, number, lineOf(number))
  return metrics
}

async function measureSource(
  bench: TransformsBenchmark,
  side: WorkerSide,
  dir: string,
  input: string,
  transforms: Properties,
): Promise<Metrics> {
  const { address } = bench.kafka
  const topic = await topics.newTopic(address, `source-${randomUUID()}`)
  try {
    const connectors = [{ ...runs.fileSource(input, topic), ...transforms }]
    return await runs.measureToTopic({ address, side, dir, worker: runs.converters.JsonConverter, connectors }, topic, bench.lines)
  } finally {
    await topics.deleteTopic(address, topic)
  }
}

/** @throws Error when the line has not the same members */
async function checkLine(file: string, number: number, expected: string): Promise<void> {
  const line = Buffer.alloc(expected.length)
  const handle = await open(file)
  try {
    await handle.read(line, 0, line.length, number * (line.length + 1))
  } finally {
    await handle.close()
  }
  if (members(String(line)) !== members(expected)) throw new Error(`Line ${number} of ${file} is ${String(line)}, not ${expected}.`)
}

function members(text: string): string {
  return text.slice(1, -1).split(', ').sort().join(', ')
}
