import { describe, expect, it } from 'vitest'
import type { KafkaError } from '../../../../src/kafka/errors.ts'
import type { Consumer } from '../../../../src/kafka/ports.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import type { ScriptedCluster, ScriptedClusterOptions } from '../../../support/scripted-broker/scripted-cluster.ts'
import {
  append,
  numbers,
  openConsumer,
  pollRecords,
  pollUntil,
  RecordingListener,
  startCluster,
  textOf,
  valuesOf,
} from './open-consumer.ts'

const T0 = { topic: 't', partition: 0 }
const OLD = textRange(0, 10, (offset) => offset)
/** What the new leader has from offset 6 on. */
const NEW = textRange(6, 12, (offset) => `new${offset}`)

function textRange(from: number, to: number, value: (offset: number) => string | number): string[] {
  return numbers(from, to).map((offset) => `t-0@${offset}=${value(offset)}`)
}

/** Offsets 0–5 and 6–9 are one batch each. */
async function clusterOfTwo(options: ScriptedClusterOptions = {}): Promise<ScriptedCluster> {
  const cluster = await startCluster({ nodes: 2, topics: { t: 1 }, ...options })
  append(cluster, 't', 0, numbers(0, 6))
  append(cluster, 't', 0, numbers(6, 10))
  return cluster
}

/** Node 2 has only the first batch, and takes other records then. */
function electUnclean(cluster: ScriptedCluster): void {
  cluster.electUnclean('t', 0, 2, 6)
  append(
    cluster,
    't',
    0,
    numbers(6, 12).map((offset) => `new${offset}`),
  )
}

const warnings = (log: CollectingLogger) => log.lines.filter((line) => line.startsWith('WARN'))
const questions = (cluster: ScriptedCluster) => cluster.requestsOf('OffsetForLeaderEpoch')

async function rejectionOf(promise: Promise<unknown>): Promise<KafkaError> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error: unknown) => error as KafkaError,
  )
}

/** Assigned to t-0, all ten old records read. */
async function readerOfAll(
  cluster: ScriptedCluster,
  props: Record<string, string> = {},
  log = new CollectingLogger(),
): Promise<{ consumer: Consumer; log: CollectingLogger }> {
  const consumer = await openConsumer(cluster, props, log)
  consumer.assign([T0])
  if (props['auto.offset.reset'] === 'none') consumer.seek(T0, 0)
  expect(textOf(await pollRecords(consumer, 10))).toEqual(OLD)
  return { consumer, log }
}

describe('a consumer of a log that is cut off by an unclean leader election', () => {
  it.each(['earliest', 'latest'])('with %s goes on where the new leader’s log and what was read part, and says so', async (policy) => {
    const cluster = await clusterOfTwo()
    const log = new CollectingLogger()
    const consumer = await openConsumer(cluster, { 'auto.offset.reset': policy }, log)
    consumer.assign([T0])
    consumer.seek(T0, 0)
    await pollRecords(consumer, 10)
    electUnclean(cluster)
    expect(textOf(await pollRecords(consumer, 6))).toEqual(NEW)
    expect(log.lines.filter((line) => line.includes('Truncation'))).toEqual([
      'WARN Truncation detected for partition t-0 at offset 10 (leader epoch 0), resetting offset to the first offset known to diverge, ' +
        'offset 6 (leader epoch 0): the log of leader 2 (epoch 1) has what was read only up to there, as after an unclean leader election. ' +
        'The cluster has lost what was read from there on; what it has there now is read',
    ])
  })

  it('drops what it has fetched and not handed out: that is lost in the cluster too', async () => {
    const cluster = await clusterOfTwo()
    const consumer = await openConsumer(cluster, { 'max.poll.records': '2', 'metadata.max.age.ms': '20' })
    consumer.assign([T0])
    const first = await pollRecords(consumer, 2)
    electUnclean(cluster)
    const asked = cluster.requestsOf('Metadata').length
    await cluster.until(() => cluster.requestsOf('Metadata').length > asked + 1) // the one before was answered
    const rest = await pollRecords(consumer, 10)
    expect(textOf([...first, ...rest])).toEqual([...OLD.slice(0, 6), ...NEW])
  })

  it('with none rejects from every poll, naming both offsets, until it is told where to go on', async () => {
    const cluster = await clusterOfTwo()
    const { consumer } = await readerOfAll(cluster, { 'auto.offset.reset': 'none' })
    electUnclean(cluster)
    const error = await rejectionOf(pollUntil(consumer, () => false))
    expect(error).toMatchObject({
      code: 'LOG_TRUNCATION',
      javaName: 'org.apache.kafka.clients.consumer.LogTruncationException',
      retriable: false,
      topic: 't',
      partition: 0,
    })
    expect(error.message).toMatch(/^Truncated partitions detected with divergent offsets \{t-0=6\}: t-0 at offset 10 \(leader epoch 0\) /)
    expect((await rejectionOf(consumer.poll(5000))).code).toBe('LOG_TRUNCATION')
    expect((await rejectionOf(consumer.position(T0))).code).toBe('LOG_TRUNCATION')
    consumer.seek(T0, 6)
    expect(textOf(await pollRecords(consumer, 6))).toEqual(NEW)
  })

  it('whose new leader knows no epoch so early starts where auto.offset.reset says', async () => {
    const cluster = await clusterOfTwo()
    const { consumer, log } = await readerOfAll(cluster)
    electUnclean(cluster)
    cluster.log('t', 0).endOfEpoch = () => ({ leaderEpoch: -1, endOffset: -1 })
    expect(textOf(await pollRecords(consumer, 12))).toEqual([...OLD.slice(0, 6), ...NEW])
    expect(log.lines.join('\n')).toContain(
      'Truncation detected for partition t-0 at offset 10 (leader epoch 0), resetting offset as auto.offset.reset=earliest says',
    )
  })

  it.each([{ how: 'assigned' }, { how: 'subscribed' }])('notices it at its next start by the committed epoch ($how)', async ({ how }) => {
    const cluster = await clusterOfTwo()
    const { consumer } = await readerOfAll(cluster, { 'group.id': 'g' })
    await consumer.commit([{ ...T0, offset: 10 }])
    expect(cluster.committedEpoch('g', 't', 0)).toBe(0)
    await consumer.close()
    electUnclean(cluster)
    const next = await openConsumer(cluster, { 'group.id': 'g' })
    if (how === 'assigned') {
      next.assign([T0])
      expect(await next.position(T0)).toBe(6)
    } else {
      const listener = new RecordingListener()
      listener.onCall = async (call) => {
        if (call === 'assigned') expect(await next.position(T0)).toBe(6)
      }
      next.subscribe(['t'], listener)
    }
    expect(textOf(await pollRecords(next, 6))).toEqual(NEW)
  })
})

describe('a consumer whose leader changes', () => {
  it('asks the new leader once for all its partitions, fetches nothing before the answer, and goes on', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 3 } })
    const partitions = [0, 2].map((partition) => ({ topic: 't', partition }))
    for (const { partition } of partitions) append(cluster, 't', partition, numbers(0, 5))
    const log = new CollectingLogger()
    const consumer = await openConsumer(cluster, {}, log)
    consumer.assign(partitions)
    const before = await pollRecords(consumer, 10)
    const answered = Promise.withResolvers<void>()
    cluster.onRequest('OffsetForLeaderEpoch', () => answered.promise)
    for (const { partition } of partitions) cluster.setLeader('t', partition, 2)
    for (const { partition } of partitions) append(cluster, 't', partition, numbers(5, 8))
    await pollUntil(consumer, () => questions(cluster).length > 0)
    expect(await consumer.poll(100)).toEqual([])
    expect(cluster.requestsOf('Fetch').filter(({ node }) => node === 2)).toEqual([])
    answered.resolve()
    const after = await pollRecords(consumer, 6)
    const [t0, t2] = [0, 2].map((number) => [...before, ...after].filter(({ partition }) => partition === number))
    expect([valuesOf(t0!), valuesOf(t2!)]).toEqual([numbers(0, 8).map(String), numbers(0, 8).map(String)])
    expect(questions(cluster).map(({ node, request }) => ({ node, request }))).toEqual([
      { node: 2, request: { replicaId: -1, partitions: partitions.map((each) => ({ ...each, currentLeaderEpoch: 1, leaderEpoch: 0 })) } },
    ])
    expect(warnings(log)).toEqual([])
  })

  it.each([
    { what: 'is fenced (FENCED_LEADER_EPOCH)', action: { do: 'error', code: 74 }, looks: true },
    { what: 'is ahead (UNKNOWN_LEADER_EPOCH)', action: { do: 'error', code: 75 }, looks: true },
    { what: 'no longer leads', action: { do: 'error', code: 6 }, looks: true },
    { what: 'cannot tell now', action: { do: 'error', code: 78 }, looks: false },
    { what: 'has a fault nobody knows', action: { do: 'error', code: -1 }, looks: false },
    { what: 'cuts the connection', action: { do: 'cut' }, looks: true },
  ] as const)('asks again when the leader $what; looks for another one: $looks', async ({ action, looks }) => {
    const cluster = await clusterOfTwo()
    const { consumer } = await readerOfAll(cluster)
    cluster.once('OffsetForLeaderEpoch', action)
    electUnclean(cluster)
    expect(textOf(await pollRecords(consumer, 6))).toEqual(NEW)
    const [first, second, ...others] = questions(cluster)
    const asked = cluster.requests.findIndex(({ at, api }) => api === 'OffsetForLeaderEpoch' && at === first!.at)
    const looked = () => cluster.requests.slice(asked).some(({ api }) => api === 'Metadata')
    expect([second !== undefined, others]).toEqual([true, []])
    if (looks) await pollUntil(consumer, looked) // metadata and the question wait each for itself
    expect(looked()).toBe(looks)
  })

  it('asks the next leader when the one that was asked is replaced, without waiting for its answer', async () => {
    const cluster = await clusterOfTwo()
    const { consumer } = await readerOfAll(cluster, { 'metadata.max.age.ms': '20' })
    cluster.onRequest('OffsetForLeaderEpoch', ({ node }) => (node === 2 ? { do: 'silence' } : undefined))
    cluster.setLeader('t', 0, 2)
    await pollUntil(consumer, () => questions(cluster).length > 0)
    cluster.electUnclean('t', 0, 1, 6)
    append(cluster, 't', 0, ['again'])
    expect(textOf(await pollRecords(consumer, 1))).toEqual(['t-0@6=again'])
  })

  it('tells its committed place while nobody leads the partition, which can be for long: the others wait for that', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 2 } })
    const partitions = [T0, { topic: 't', partition: 1 }]
    for (const { partition } of partitions) {
      append(cluster, 't', partition, numbers(0, 3))
      cluster.groupState('g').commit('t', partition, 1, 0)
    }
    cluster.setLeader('t', 0, -1)
    const consumer = await openConsumer(cluster, { 'group.id': 'g', 'default.api.timeout.ms': '500' })
    const listener = new RecordingListener()
    const places: number[] = []
    listener.onCall = async (call) => {
      if (call === 'assigned') for (const partition of partitions) places.push(await consumer.position(partition))
    }
    consumer.subscribe(['t'], listener)
    expect(textOf(await pollRecords(consumer, 2))).toEqual(['t-1@1=1', 't-1@2=2'])
    expect(places).toEqual([1, 1])
    cluster.electUnclean('t', 0, 2, 0)
    append(cluster, 't', 0, ['new'])
    expect(textOf(await pollRecords(consumer, 1))).toEqual(['t-0@0=new'])
  })

  it('is not allowed to ask: the error is the poll’s', async () => {
    const cluster = await clusterOfTwo()
    const { consumer } = await readerOfAll(cluster)
    cluster.onRequest('OffsetForLeaderEpoch', () => ({ do: 'error', code: 29 }))
    cluster.setLeader('t', 0, 2)
    expect(await rejectionOf(pollUntil(consumer, () => false))).toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED', auth: true })
  })

  it.each([
    { what: 'do not know OffsetForLeaderEpoch', versions: { OffsetForLeaderEpoch: null } },
    { what: 'tell no epochs to rely on', versions: { Metadata: [4, 8] } },
  ] as const)('goes on unasked where brokers $what', async ({ versions }) => {
    const cluster = await clusterOfTwo({ versions })
    const { consumer, log } = await readerOfAll(cluster)
    cluster.setLeader('t', 0, 2)
    append(cluster, 't', 0, [10])
    expect(textOf(await pollRecords(consumer, 1))).toEqual(['t-0@10=10'])
    expect(questions(cluster)).toEqual([])
    expect(warnings(log)).toEqual([])
  })

  it('goes on unasked at a position that was sought, of which no record was read', async () => {
    const cluster = await clusterOfTwo()
    const { consumer } = await readerOfAll(cluster)
    consumer.seek(T0, 3)
    cluster.setLeader('t', 0, 2)
    expect(textOf(await pollRecords(consumer, 7))).toEqual(OLD.slice(3))
    expect(questions(cluster)).toEqual([])
  })

  it('reads a topic that was made anew from its start, also when that is long enough to go on in', async () => {
    const cluster = await clusterOfTwo()
    const { consumer, log } = await readerOfAll(cluster, { 'metadata.max.age.ms': '20' })
    const noticed = Promise.withResolvers<void>()
    const held: number[] = []
    cluster.onRequest('Fetch', ({ connection }) => {
      held.push(connection)
      return noticed.promise
    })
    await pollUntil(consumer, () => held.length > 0)
    cluster.deleteTopic('t')
    cluster.createTopic('t', 1)
    append(cluster, 't', 0, numbers(100, 112))
    await pollUntil(consumer, () => warnings(log).length > 0)
    noticed.resolve()
    expect(valuesOf(await pollRecords(consumer, 12)).map(Number)).toEqual(numbers(100, 112))
    expect(warnings(log)[0]).toContain(
      'The topic of partition t-0 was deleted and made anew: offset 10 (leader epoch 0) was a position in the old one',
    )
  })
})

describe('leader epochs of committed offsets', () => {
  it('are those of the records before them, also where fewer are committed than were read', async () => {
    const cluster = await clusterOfTwo()
    cluster.setLeader('t', 0, 1)
    append(cluster, 't', 0, numbers(10, 15))
    const consumer = await openConsumer(cluster, { 'group.id': 'g' })
    consumer.assign([T0])
    await pollRecords(consumer, 15)
    const committed: number[][] = []
    for (const offset of [15, 11, 10, 3, 0, 99]) {
      await consumer.commit([{ ...T0, offset }])
      committed.push([offset, cluster.committedEpoch('g', 't', 0)])
    }
    expect(committed).toEqual([
      [15, 1],
      [11, 1],
      [10, 0],
      [3, 0],
      [0, -1],
      [99, -1],
    ])
  })

  it('from a later election than brokers tell of are waited for: an older leader would deny what it has not heard of', async () => {
    const cluster = await clusterOfTwo()
    cluster.groupState('g').commit('t', 0, 8, 2)
    const consumer = await openConsumer(cluster, { 'group.id': 'g' })
    consumer.assign([T0])
    await pollUntil(consumer, () => cluster.requestsOf('Metadata').length > 3)
    expect([questions(cluster), cluster.requestsOf('Fetch')]).toEqual([[], []])
    for (let election = 0; election < 2; election++) cluster.setLeader('t', 0, 2)
    expect(textOf(await pollRecords(consumer, 2))).toEqual(OLD.slice(8))
  })
})
