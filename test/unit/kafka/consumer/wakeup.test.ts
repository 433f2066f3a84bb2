import { describe, expect, it } from 'vitest'
import { WakeupException } from '../../../../src/kafka/errors.ts'
import { append, numbers, openConsumer, pollRecords, RecordingListener, startCluster, valuesOf } from './open-consumer.ts'

const T0 = { topic: 't', partition: 0 }

describe('wakeup', () => {
  it('K35: before a poll, that poll rejects once and no record is lost', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, numbers(0, 10))
    const consumer = await openConsumer(cluster, { 'max.poll.records': '4' })
    consumer.assign([T0])
    const before = await pollRecords(consumer, 4)
    consumer.wakeup()
    consumer.wakeup()
    await expect(consumer.poll(1000)).rejects.toBeInstanceOf(WakeupException)
    expect(valuesOf([...before, ...(await pollRecords(consumer, 6))]).map(Number)).toEqual(numbers(0, 10))
  })

  it('K35: during a poll that waits, it rejects at once', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster)
    consumer.assign([T0])
    const polling = consumer.poll(600_000)
    setTimeout(() => consumer.wakeup(), 50)
    await expect(polling).rejects.toBeInstanceOf(WakeupException)
    append(cluster, 't', 0, ['a'])
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['a'])
  })

  it('K35: after a poll, the next one rejects, and the one after it does not', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, ['a', 'b'])
    const consumer = await openConsumer(cluster, { 'max.poll.records': '1' })
    consumer.assign([T0])
    const first = await pollRecords(consumer, 1)
    consumer.wakeup()
    await expect(consumer.poll(0)).rejects.toBeInstanceOf(WakeupException)
    expect(valuesOf([...first, ...(await pollRecords(consumer, 1))])).toEqual(['a', 'b'])
  })

  it('K35: while a join is under way, the join goes on and the next poll takes its outcome', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const release = Promise.withResolvers<void>()
    cluster.onRequest('SyncGroup', () => release.promise)
    const consumer = await openConsumer(cluster, { 'group.id': 'g' })
    const listener = new RecordingListener()
    consumer.subscribe(['t'], listener)
    const polling = consumer.poll(600_000)
    await cluster.until(() => cluster.requestsOf('SyncGroup').length === 1)
    consumer.wakeup()
    await expect(polling).rejects.toBeInstanceOf(WakeupException)
    expect(listener.calls).toEqual([])
    release.resolve()
    append(cluster, 't', 0, ['a'])
    await pollRecords(consumer, 1)
    expect(listener.calls).toEqual(['assigned t-0'])
    expect(cluster.requestsOf('SyncGroup')).toHaveLength(1)
  })
})
