/**
 * The clients of a soak: two producers, a group of two to three members and a watch over its commits. Told by IPC what to do (`SoakOrder`);
 * reports when it is told to end, and ends when nothing keeps it.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import type { Consumer } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/api/logger.ts'
import { NumbersRead, SteadyLoad } from '../steady-load.ts'
import { CommitWatch } from './commit-watch.ts'
import { OffsetRanges } from './offset-ranges.ts'

/** From the test. */
export type SoakOrder =
  | { readonly do: 'rebalance' }
  | { readonly do: 'widen'; readonly topic: string; readonly partitions: number }
  /** A member of the group outside this process has read these. */
  | { readonly do: 'covered'; readonly topic: string; readonly partition: number; readonly from: number; readonly to: number }
  | { readonly do: 'end' }

export interface SoakReport {
  readonly sent: number
  readonly failures: readonly string[]
  readonly disorder: readonly string[]
  /** What reading both topics from start to end found. */
  readonly gaps: readonly string[]
  readonly onceRepeated: number
  readonly atLeastRepeated: number
  readonly consumed: number
  /** Where a member did not go on with the next offset while it kept the partition. */
  readonly jumps: readonly string[]
  readonly rebalances: number
  readonly commits: number
  readonly backward: readonly string[]
  /** Megabytes in use after a collection, one a sample, and the largest resident size. */
  readonly memory: readonly number[]
  readonly maxRss: number
  /** What the event loop still waits for, beside the channel to the test. */
  readonly resources: readonly string[]
  /** What the clients warned of. */
  readonly warnings: readonly string[]
}

const [bootstrapServers = '', once_ = '', atLeast = '', group = '', batch = '1'] = process.argv.slice(2)
const BASE = { 'bootstrap.servers': bootstrapServers }
const CONNECT = { acks: 'all', 'max.in.flight.requests.per.connection': '1', 'enable.idempotence': 'false' }
const MEMORY_EVERY_MS = 2000
const MOST_WARNINGS = 5000

const log: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: (message) => note(`WARN ${message}`),
  error: (message, error) => note(`ERROR ${message} ${String(error)}`),
  child: () => log,
}
const warnings: string[] = []

function note(line: string): void {
  if (warnings.length < MOST_WARNINGS) warnings.push(`${new Date().toISOString()} ${line}`)
}

const clients = createKafkaClients()
const covered = new OffsetRanges()
let consumed = 0
let rebalances = 0
const jumps: string[] = []

class Member {
  readonly #consumer: Consumer
  readonly #read = new Map<string, { readonly topic: string; readonly partition: number; readonly offset: number }>()
  readonly #next = new Map<string, number>()
  #isStopped = false
  #running: Promise<void> = Promise.resolve()

  static async start(): Promise<Member> {
    const props = {
      ...BASE,
      'group.id': group,
      'auto.offset.reset': 'earliest',
      'heartbeat.interval.ms': '500',
      'metadata.max.age.ms': '3000',
    }
    const member = new Member(await clients.consumer(props, log))
    member.#running = member.#run()
    return member
  }

  private constructor(consumer: Consumer) {
    this.#consumer = consumer
    consumer.subscribe([once_, atLeast], {
      onPartitionsAssigned: async () => {
        rebalances++
        this.#next.clear()
      },
      onPartitionsRevoked: () => this.#commit(),
      onPartitionsLost: async () => this.#read.clear(),
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
    await this.#consumer.close()
  }

  async #run(): Promise<void> {
    for (let polls = 1; !this.#isStopped; polls++) {
      for (const { topic, partition, records } of await this.#consumer.poll(200)) {
        const [from, to] = [records[0]!.offset, records.at(-1)!.offset + 1]
        covered.add(topic, partition, from, to)
        this.#check(`${topic}-${partition}`, from, to, records.length)
        consumed += records.length
        this.#read.set(`${topic}-${partition}`, { topic, partition, offset: to })
      }
      if (polls % 20 === 0) await this.#commit()
      await sleep(5)
    }
  }

  #check(name: string, from: number, to: number, count: number): void {
    const expected = this.#next.get(name) ?? from
    if (from !== expected || to - from !== count) jumps.push(`${name}: ${count} from ${from} to ${to} in place of ${expected}`)
    this.#next.set(name, to)
  }

  /** A commit that a rebalance or a dead broker prevents is made up for by the next one, or by reading again. */
  async #commit(): Promise<void> {
    const offsets = [...this.#read.values()]
    this.#read.clear()
    await this.#consumer.commit(offsets).catch((error: unknown) => log.warn(`Commit failed: ${String(error)}`))
  }
}

const memory: number[] = []
let maxRss = 0
const sampling = setInterval(() => {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  memory.push(Math.round((heapUsed + external) / 2 ** 20))
  maxRss = Math.max(maxRss, Math.round(rss / 2 ** 20))
}, MEMORY_EVERY_MS)

const producers = [await clients.producer({ ...BASE, acks: 'all' }, log), await clients.producer({ ...BASE, ...CONNECT }, log)] as const
const loads = [once_, atLeast].map((topic, index) => new SteadyLoad(producers[index]!, topic, 4, Number(batch)).start())
const members = [await Member.start(), await Member.start()]
let third: Member | null = null

let orders = Promise.resolve()
const ended = Promise.withResolvers<void>()
process.on('message', (order: SoakOrder) => {
  if (order.do === 'end') ended.resolve()
  else if (order.do === 'covered') covered.add(order.topic, order.partition, order.from, order.to)
  else if (order.do === 'widen') loads.find(({ topic }) => topic === order.topic)!.widen(order.partitions)
  else orders = orders.then(rebalance)
})
process.send?.('ready')
const watch = await CommitWatch.start(clients, bootstrapServers, group, log)

async function rebalance(): Promise<void> {
  const leaving = third
  third = leaving === null ? await Member.start() : null
  await leaving?.stop()
}

/** Both topics from start to end, by a reader of its own. */
async function readBack(topic: string, sent: readonly number[]): Promise<{ readonly read: NumbersRead; readonly ends: readonly number[] }> {
  const consumer = await clients.consumer({ ...BASE, 'auto.offset.reset': 'earliest', 'max.poll.records': '5000' }, log)
  const partitions = sent.map((_, partition) => ({ topic, partition }))
  consumer.assign(partitions)
  const ends = await consumer.endOffsets(partitions)
  const read = new NumbersRead()
  for (const [partition, end] of ends.entries()) {
    while ((await consumer.position({ topic, partition })) < end) read.take(await consumer.poll(500))
  }
  await consumer.close()
  read.gaps.push(
    ...sent.flatMap((count, partition) =>
      (read.upTo[partition] ?? 0) === count ? [] : [`${topic}-${partition}: ${read.upTo[partition] ?? 0} of ${count} are there`],
    ),
  )
  return { read, ends }
}

await ended.promise
await orders
await Promise.all(loads.map((load) => load.stop()))
const [first, second] = [await readBack(once_, loads[0]!.sent), await readBack(atLeast, loads[1]!.sent)]
const isCovered = () =>
  [first, second].every(({ ends }, index) => ends.every((end, partition) => covered.covers([once_, atLeast][index]!, partition, end)))
const giveUpAt = performance.now() + 180_000
while (!isCovered() && performance.now() < giveUpAt) await sleep(100)
const uncovered = isCovered() ? [] : [`not consumed by the group: ${covered.toString()}`]
for (const member of [...members, third]) await member?.stop()
await watch.stop()
for (const producer of producers) await producer.close()
clearInterval(sampling)
await sleep(100) // sockets that were destroyed are closed in the next turns of the event loop
const report: SoakReport = {
  sent: loads[0]!.total + loads[1]!.total,
  failures: loads.flatMap(({ failures }) => failures.map(String)),
  disorder: loads.flatMap(({ disorder }) => disorder),
  gaps: [...first.read.gaps, ...second.read.gaps, ...uncovered],
  onceRepeated: first.read.repeated,
  atLeastRepeated: second.read.repeated,
  consumed,
  jumps,
  rebalances,
  commits: watch.commits,
  backward: watch.backward,
  memory,
  maxRss,
  resources: process.getActiveResourcesInfo(),
  warnings,
}
process.send?.(report)
await once(process, 'message') // it was read
process.disconnect?.()
