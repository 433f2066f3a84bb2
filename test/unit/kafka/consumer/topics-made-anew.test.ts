import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Consumer, PartitionRecords } from '../../../../src/kafka/ports.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import { append, numbers, openConsumer, pollRecords, pollUntil, RecordingListener, startCluster, valuesOf } from './open-consumer.ts'

const T0 = { topic: 't', partition: 0 }

const warnings = (log: CollectingLogger) => log.lines.filter((line) => line.startsWith('WARN'))

async function pollUntilValue(consumer: Consumer, last: string): Promise<PartitionRecords[]> {
  const read: PartitionRecords[] = []
  while (!valuesOf(read).includes(last)) read.push(...(await pollRecords(consumer, 1)))
  return read
}

/** Records 100, 101 … */
async function clusterWith(count: number): Promise<ScriptedCluster> {
  const cluster = await startCluster({ topics: { t: 1 } })
  append(cluster, 't', 0, numbers(100, 100 + count))
  return cluster
}

describe('a commit of what was read from a topic that was deleted', () => {
  it.each([
    { what: 'a name', topics: ['t'] },
    { what: 'a predicate', topics: (name: string) => name === 't' },
  ])('is not repeated until it gets into a topic that was made anew (subscribed by $what)', async ({ topics }) => {
    const cluster = await clusterWith(10)
    cluster.onRequest('OffsetCommit', () => (cluster.topicNames().includes('t') ? undefined : { do: 'error', code: 3 }))
    const log = new CollectingLogger()
    const consumer = await openConsumer(cluster, { 'group.id': 'g', 'metadata.max.age.ms': '50' }, log)
    const listener = new RecordingListener()
    listener.onCall = async (call) => {
      if (call === 'revoked') await consumer.commit([{ ...T0, offset: 10 }])
    }
    consumer.subscribe(topics, listener)
    await pollRecords(consumer, 10)
    cluster.deleteTopic('t')
    await pollUntil(consumer, () => listener.calls.length > 2)
    cluster.createTopic('t', 1)
    append(cluster, 't', 0, numbers(200, 203))
    expect(valuesOf(await pollRecords(consumer, 3))).toEqual(['200', '201', '202'])
    expect(log.lines).toContain('WARN Offset 10 of partition t-0 is not committed: the topic that it was a position in is deleted')
  })

  it('is made for a topic that is there, but not subscribed to any more', async () => {
    const cluster = await startCluster({ topics: { t: 1, other: 1 } })
    append(cluster, 't', 0, numbers(0, 4))
    append(cluster, 'other', 0, ['x'])
    const consumer = await openConsumer(cluster, { 'group.id': 'g', 'metadata.max.age.ms': '20' })
    const listener = new RecordingListener()
    listener.onCall = async (call) => {
      if (call !== 'revoked' || cluster.committed('g', 't', 0) >= 0) return
      const asked = cluster.requestsOf('Metadata').length
      await cluster.until(() => cluster.requestsOf('Metadata').length > asked + 1) // the topic is not followed any more
      await consumer.commit([{ ...T0, offset: 4 }])
    }
    consumer.subscribe(['t'], listener)
    await pollRecords(consumer, 4)
    consumer.subscribe(['other'], listener)
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['x'])
    expect(cluster.committed('g', 't', 0)).toBe(4)
  })

  it('is given up when the coordinator does not know the topic and others confirm it, and the rest is committed', async () => {
    const cluster = await startCluster({ topics: { t: 1, other: 1 } })
    const [t, other] = [T0, { topic: 'other', partition: 0 }]
    for (const { topic } of [t, other]) append(cluster, topic, 0, numbers(0, 4))
    const consumer = await openConsumer(cluster, { 'group.id': 'g', 'default.api.timeout.ms': '5000' })
    consumer.assign([t, other])
    await pollRecords(consumer, 8)
    consumer.pause([t, other]) // fetches would tell too
    await delay(200) // one that is under way ends
    cluster.deleteTopic('t')
    cluster.onRequest('OffsetCommit', () => ({ do: 'error', code: 3, where: (topic) => topic === 't' }))
    await consumer.commit([t, other].map((partition) => ({ ...partition, offset: 4 })))
    expect(await consumer.committed([t, other])).toEqual([null, { ...other, offset: 4 }])
  })
})

describe('a topic that is made anew while nothing is fetched of it', () => {
  it.each([
    { what: 'paused', props: {} },
    { what: 'full', props: { 'max.partition.fetch.bytes': '1', 'max.poll.records': '1' } },
  ])('is noticed before reading goes on where the consumer is $what', async ({ what, props }) => {
    const cluster = await clusterWith(1)
    for (let value = 101; value < 105; value++) append(cluster, 't', 0, [value])
    const consumer = await openConsumer(cluster, props)
    consumer.assign([T0])
    const before = await pollRecords(consumer, what === 'full' ? 1 : 5)
    consumer.pause([T0])
    await delay(200) // a fetch that is under way ends
    cluster.deleteTopic('t')
    cluster.createTopic('t', 1)
    append(cluster, 't', 0, numbers(200, 212))
    await delay(2200) // longer than it may go unheard of
    consumer.resume([T0])
    const after = valuesOf(await pollUntilValue(consumer, '211'))
    expect(valuesOf(before)).toEqual(numbers(100, 100 + before.flatMap(({ records }) => records).length).map(String))
    expect(after.filter((value) => value >= '200')).toEqual(numbers(200, 212).map(String))
  })
})

describe('an offset of a topic before it was made anew, found as a committed one', () => {
  it('that is behind the end in the epoch it was read in starts where auto.offset.reset says: within one epoch a log only grows', async () => {
    const cluster = await clusterWith(3)
    cluster.groupState('g').commit('t', 0, 10, 0)
    const log = new CollectingLogger()
    const consumer = await openConsumer(cluster, { 'group.id': 'g' }, log)
    consumer.assign([T0])
    expect(valuesOf(await pollRecords(consumer, 3))).toEqual(['100', '101', '102'])
    expect(warnings(log)).toEqual([
      'WARN Truncation detected for partition t-0 at offset 10 (leader epoch 0), resetting offset as auto.offset.reset=earliest says: ' +
        'the log of leader 1 (epoch 0) ends at offset 3 in the same epoch, in which a log only grows; so it is another log, as of a topic made anew',
    ])
  })

  it('from an epoch that brokers do not come to know of in request.timeout.ms starts where auto.offset.reset says', async () => {
    const cluster = await clusterWith(12)
    cluster.groupState('g').commit('t', 0, 10, 5)
    const log = new CollectingLogger()
    const consumer = await openConsumer(cluster, { 'group.id': 'g', 'request.timeout.ms': '300' }, log)
    consumer.assign([T0])
    expect(await consumer.position(T0)).toBe(0)
    expect(valuesOf(await pollRecords(consumer, 12)).map(Number)).toEqual(numbers(100, 112))
    expect(warnings(log)).toHaveLength(1)
    expect(warnings(log)[0]).toContain(
      'at offset 10 (leader epoch 5), resetting offset as auto.offset.reset=earliest says: brokers name leader 1 (epoch 0)',
    )
  })

  it.each([
    { what: 'behind the end', epoch: 0 },
    { what: 'from a later epoch', epoch: 5 },
  ])('$what is an error with none', async ({ epoch }) => {
    const cluster = await clusterWith(3)
    cluster.groupState('g').commit('t', 0, 10, epoch)
    const consumer = await openConsumer(cluster, { 'group.id': 'g', 'request.timeout.ms': '300', 'auto.offset.reset': 'none' })
    consumer.assign([T0])
    await expect(pollUntil(consumer, () => false)).rejects.toMatchObject({ code: 'LOG_TRUNCATION' })
  })
})
