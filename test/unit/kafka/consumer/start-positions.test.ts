import { describe, expect, it } from 'vitest'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import { append, numbers, openConsumer, pollRecords, pollUntil, startCluster, textOf } from './open-consumer.ts'

const T0 = { topic: 't', partition: 0 }
const DAY_MS = 86_400_000

/** Offsets 0–2 are gone, 3–9 are there; the records from offset 6 are of this hour. */
async function clusterWithRecords(): Promise<ScriptedCluster> {
  const cluster = await startCluster({ topics: { t: 1 } })
  append(cluster, 't', 0, numbers(0, 3))
  cluster.append(
    't',
    0,
    numbers(3, 6).map((value) => ({ value: `${value}`, timestamp: Date.now() - 2 * DAY_MS })),
  )
  cluster.append(
    't',
    0,
    numbers(6, 10).map((value) => ({ value: `${value}`, timestamp: Date.now() })),
  )
  cluster.deleteRecordsBefore('t', 0, 3)
  return cluster
}

const STARTS = [
  { policy: 'earliest', start: 3 },
  { policy: 'latest', start: 10 },
  { policy: 'by_duration:PT1H', start: 6 },
  { policy: 'by_duration:P10D', start: 3 },
]

describe('where reading starts', () => {
  it.each(STARTS)('K30: without a committed offset, $policy starts at $start', async ({ policy, start }) => {
    const cluster = await clusterWithRecords()
    const consumer = await openConsumer(cluster, { 'auto.offset.reset': policy, 'group.id': 'g' })
    consumer.assign([T0])
    expect(await consumer.position(T0)).toBe(start)
  })

  it.each(STARTS)('K30: out of range, $policy goes on at $start and logs both offsets', async ({ policy, start }) => {
    const cluster = await clusterWithRecords()
    const log = new CollectingLogger()
    const consumer = await openConsumer(cluster, { 'auto.offset.reset': policy }, log)
    consumer.assign([T0])
    consumer.seek(T0, 1)
    const isReset = () => log.lines.some((line) => line.includes('Fetch offset 1 is out of range for partition t-0'))
    const before = await pollUntil(consumer, isReset)
    append(cluster, 't', 0, [10])
    const after = await pollRecords(consumer, 11 - start - textOf(before).length)
    expect(textOf([...before, ...after])).toEqual(numbers(start, 11).map((offset) => `t-0@${offset}=${offset}`))
    expect(log.lines.join()).toContain(`resetting offset to ${start}`)
  })

  it('K30: with none, a missing committed offset rejects from every poll', async () => {
    const cluster = await clusterWithRecords()
    const consumer = await openConsumer(cluster, { 'auto.offset.reset': 'none', 'group.id': 'g' })
    consumer.assign([T0])
    const expected = { code: 'NO_OFFSET_FOR_PARTITION', message: 'Undefined offset with no reset policy for partitions: [t-0]' }
    await expect(consumer.poll(1000)).rejects.toMatchObject(expected)
    await expect(consumer.poll(1000)).rejects.toMatchObject(expected)
    await expect(consumer.position(T0)).rejects.toMatchObject(expected)
    consumer.seek(T0, 3)
    await expect(consumer.position(T0)).resolves.toBe(3)
  })

  it('K30: with none, an offset out of range rejects', async () => {
    const cluster = await clusterWithRecords()
    const consumer = await openConsumer(cluster, { 'auto.offset.reset': 'none' })
    consumer.assign([T0])
    consumer.seek(T0, 99)
    await expect(consumer.poll(1000)).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      message: 'Fetch position 99 is out of range for partition t-0',
      javaName: 'org.apache.kafka.clients.consumer.OffsetOutOfRangeException',
    })
  })

  it('starts at the committed offset of its group', async () => {
    const cluster = await clusterWithRecords()
    const consumer = await openConsumer(cluster, { 'group.id': 'g' })
    consumer.assign([T0])
    await consumer.commit([{ ...T0, offset: 7 }])
    expect(cluster.committed('g', 't', 0)).toBe(7)
    const second = await openConsumer(cluster, { 'group.id': 'g' })
    second.assign([T0])
    expect(textOf(await pollRecords(second, 3))[0]).toBe('t-0@7=7')
    expect(await second.committed([T0, { topic: 't', partition: 1 }])).toEqual([{ ...T0, offset: 7 }, null])
  })

  it('read_committed asks for stable committed offsets', async () => {
    const cluster = await clusterWithRecords()
    const consumer = await openConsumer(cluster, { 'group.id': 'g', 'isolation.level': 'read_committed' })
    await consumer.committed([T0])
    expect(cluster.requestsOf('OffsetFetch')[0]!.request.requireStable).toBe(true)
  })

  it('partitions that stay assigned keep their position, also when they are named twice', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    append(cluster, 't', 0, numbers(0, 10))
    const consumer = await openConsumer(cluster, { 'max.poll.records': '4' })
    consumer.assign([T0])
    await pollRecords(consumer, 4)
    consumer.assign([T0, { topic: 't', partition: 1 }, T0])
    expect(textOf(await pollRecords(consumer, 6))[0]).toBe('t-0@4=4')
    expect(await consumer.position(T0)).toBe(10)
  })

  it('K41: looks offsets up by time, and the ends of a log', async () => {
    const cluster = await clusterWithRecords()
    const consumer = await openConsumer(cluster)
    const at = (timestamp: number) => ({ ...T0, timestamp })
    expect(await consumer.offsetsForTimes([at(Date.now() - 3600_000)])).toEqual([6])
    expect(await consumer.offsetsForTimes([at(0)])).toEqual([3])
    expect(await consumer.offsetsForTimes([at(Date.now() + DAY_MS)])).toEqual([null])
    expect(await consumer.beginningOffsets([T0])).toEqual([3])
    expect(await consumer.endOffsets([T0])).toEqual([10])
    expect(await consumer.partitionsFor('t')).toEqual([0])
    expect(await consumer.partitionsFor('missing')).toEqual([])
  })

  it('K41: one partition can be asked for several offsets at once', async () => {
    const cluster = await clusterWithRecords()
    const consumer = await openConsumer(cluster)
    const times = [0, Date.now() + DAY_MS, 0].map((timestamp) => ({ ...T0, timestamp }))
    expect(await consumer.offsetsForTimes(times)).toEqual([3, null, 3])
    expect(await consumer.endOffsets([T0, T0])).toEqual([10, 10])
  })

  it('a look-up is repeated while a leader cannot tell, for the open partitions alone', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    const consumer = await openConsumer(cluster)
    cluster.once('ListOffsets', { do: 'error', code: 6, where: (_topic, partition) => partition === 1 })
    expect(await consumer.endOffsets([T0, { topic: 't', partition: 1 }])).toEqual([0, 0])
    expect(cluster.requestsOf('ListOffsets').map(({ request }) => request.partitions.length)).toEqual([2, 1])
  })

  it('a look-up that is not answered in time is a TimeoutException with its cause', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    cluster.onRequest('ListOffsets', () => ({ do: 'error', code: 78 }))
    const consumer = await openConsumer(cluster, { 'default.api.timeout.ms': '2000' })
    await expect(consumer.endOffsets([T0])).rejects.toMatchObject({ code: 'TIMEOUT', cause: { code: 'OFFSET_NOT_AVAILABLE' } })
  })
})
