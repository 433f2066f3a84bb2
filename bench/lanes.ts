/** Tasks in threads of their own: what two cores give, what a lane costs, and what the death of one does to the task beside it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KafkaBroker } from '../test/support/services/kafka.ts'
import { fiveTransformations, jsonLine, transformedText, untouchedText } from './json-lines.ts'
import { writeLines } from './lines.ts'
import { throughput, watchArrival } from './measured-process.ts'
import type { Metrics, Results } from './results.ts'
import * as topics from './topics.ts'
import * as runs from './worker-runs.ts'
import { standpipeSide, type MeasuredWorker, type Properties } from './worker-side.ts'

const TOPIC = 'lane-lines'
const BOMB_TOPIC = 'lane-bomb'
const IDLE_TOPIC = 'lane-idle'
const PARTITIONS = 2
const LANE_HEAP_MB = '128'

/** Five transformations, and a script that keeps a core busy for some 20 µs a record. */
const busyChain: Properties = {
  ...fiveTransformations,
  transforms: `${fiveTransformations['transforms'] ?? ''},work`,
  'transforms.work.type': 'standpipe.transforms.Script',
  'transforms.work.expression':
    '(() => { let n = 0; for (let i = 0; i < 20000; i++) n = (n * 31 + i) | 0; return n === 123456789 ? null : value })()',
}

/** A script that holds all memory it gets, from its first record on. */
const memoryBomb: Properties = {
  transforms: 'bomb',
  'transforms.bomb.type': 'standpipe.transforms.Script',
  'transforms.bomb.expression': '(() => { const held = []; for (;;) held.push({ text: String(held.length) }) })()',
}

export interface LanesBenchmark {
  readonly kafka: KafkaBroker
  readonly dir: string
  readonly rounds: number
  /** Records of a run with the busy chain; without it ten times as many. */
  readonly records: number
  readonly results: Results
}

/** Which columns of the results stand side by side. */
export const comparisons = [
  ['2 tasks in 2 lanes', '1 task inline'],
  ['thread', 'inline'],
  ['auto', 'inline'],
  ['a memory bomb', 'an idle task'],
] as const

export async function benchmarkLanes(bench: LanesBenchmark): Promise<void> {
  await topics.makeGroupsKnown(bench.kafka.address)
  await fillTopics(bench)
  const busy: Case = { name: 'busy chain', transforms: busyChain, records: bench.records, lineBytes: transformedText(0).length + 1 }
  const light: Case = { name: 'no transformation', transforms: {}, records: bench.records * 10, lineBytes: untouchedText(0).length + 1 }
  for (let round = 1; round <= bench.rounds; round++) {
    const measure = (what: Case, place: Place) => measureSink(bench, round, what, place)
    await measure(busy, { side: '1 task inline', isolation: 'inline', tasks: 1 })
    await measure(busy, { side: '2 tasks in 2 lanes', isolation: 'thread', tasks: 2 })
    for (const isolation of ['inline', 'thread', 'auto']) await measure(light, { side: isolation, isolation, tasks: 1 })
    for (const side of ['an idle task', 'a memory bomb']) {
      const beside = { topic: side === 'a memory bomb' ? BOMB_TOPIC : IDLE_TOPIC, dies: side === 'a memory bomb' }
      await measure({ ...busy, name: 'busy chain in a lane, in the other lane' }, { side, isolation: 'thread', tasks: 1, beside })
    }
  }
}

/** What the measured sink does. */
interface Case {
  readonly name: string
  readonly transforms: Properties
  readonly records: number
  readonly lineBytes: number
}

/** Where it does it. */
interface Place {
  /** The column of the results. */
  readonly side: string
  readonly isolation: string
  readonly tasks: number
  /** A second connector, whose task fills its memory at the first record. */
  readonly beside?: { readonly topic: string; readonly dies: boolean }
}

async function fillTopics({ kafka: { address }, dir, records }: LanesBenchmark): Promise<void> {
  const lines = join(dir, 'json-lines.txt')
  await writeLines(lines, (records * 10) / PARTITIONS, jsonLine)
  const oneLine = join(dir, 'one-line.txt')
  await writeFile(oneLine, `${jsonLine(0)}\n`)
  await topics.newTopic(address, TOPIC, PARTITIONS)
  for (let partition = 0; partition < PARTITIONS; partition++) await topics.writeToPartition(address, TOPIC, partition, lines)
  await topics.newTopic(address, BOMB_TOPIC)
  await topics.writeToPartition(address, BOMB_TOPIC, 0, oneLine)
  await topics.newTopic(address, IDLE_TOPIC)
}

async function measureSink(bench: LanesBenchmark, round: number, what: Case, place: Place): Promise<void> {
  const metrics = await runs.inNewFolder(bench.dir, (dir) => runSink(bench.kafka.address, dir, what, place))
  bench.results.add({ case: what.name, side: place.side, round, metrics })
}

async function runSink(address: string, dir: string, what: Case, { isolation, tasks, beside }: Place): Promise<Metrics> {
  const output = join(dir, 'out.txt')
  const sink = { ...runs.fileSink(output, TOPIC), ...what.transforms, 'tasks.max': String(tasks) }
  const other = beside === undefined ? [] : [{ ...runs.fileSink(join(dir, 'other.txt'), beside.topic), ...memoryBomb }]
  const worker = { ...runs.converters.JsonConverter, ...inLanes(isolation) }
  const startedAt = performance.now()
  const running = await runs.startWorker({ address, side: standpipeSide([]), dir, worker, connectors: [sink, ...other] })
  try {
    const metrics = throughput(startedAt, await watchArrival(running.server, runs.linesInFile(output, what.records, what.lineBytes)))
    if (beside?.dies === true) await checkDeath(running)
    return metrics
  } finally {
    await running.stop()
  }
}

/** A lane that died is not filled again while its neighbour is measured; two members of a group share its partitions at once. */
function inLanes(isolation: string): Properties {
  return {
    'task.isolation': isolation,
    'task.lane.max.heap.mb': LANE_HEAP_MB,
    'task.restart.max.attempts': '0',
    'consumer.heartbeat.interval.ms': '300',
  }
}

/** @throws Error when the task beside was alive while the other one was measured */
async function checkDeath({ server }: MeasuredWorker): Promise<void> {
  const log = await readFile(server.logFile, 'utf8')
  if (!log.includes('ran out of memory')) throw new Error(`No lane ran out of memory.\n${server.logTail()}`)
}
