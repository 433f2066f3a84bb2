import { expect, test } from 'vitest'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import { CONNECT_PRESET, newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import { inLog, startCluster } from './cluster.ts'

test('K11 records without a key over 4 partitions: every partition is used, and batches fill to batch.size', async () => {
  const cluster = await startCluster({ topics: { t: 4 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'batch.size': '2000', 'linger.ms': '10000' })
  const records = Array.from({ length: 2000 }, () => new TestRecord('t', 'x'.repeat(50)))

  await sendAll(producer, records)
  await producer.flush()

  expect(partitionSizes(cluster).every((size) => size > 0)).toBe(true)
  const sizes = batchSizes(cluster)
  expect(sizes.every((size) => size <= 2000)).toBe(true)
  // but for the last one of each partition, each is so full that another record had no room
  expect(sizes.filter((size) => size < 1850).length).toBeLessThanOrEqual(4)
})

test('a batch that cannot go out yet grows beyond the default batch.size, up to 512 KiB; partitions share a request', async () => {
  const cluster = await startCluster({ topics: { t: 2 } })
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const first = new TestRecord('t', 'first', { partition: 0 })
  const release = Promise.withResolvers<void>()
  const stop = cluster.onRequest('Produce', () => release.promise)
  await sendAll(producer, [first])
  await cluster.until(() => cluster.requestsOf('Produce').length === 1)

  const records = Array.from({ length: 1200 }, (_, index) => new TestRecord('t', 'x'.repeat(1000), { partition: index % 2 }))
  await sendAll(producer, records)
  stop()
  release.resolve()
  await producer.flush()

  expect(inLog(cluster, 't')).toHaveLength(1201)
  const sizes = batchSizes(cluster)
  expect(Math.max(...sizes)).toBeGreaterThan(500 * 1024)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(512 * 1024)
  expect(
    cluster
      .requestsOf('Produce')[1]
      ?.request.partitions.map(({ partition }) => partition)
      .sort(),
  ).toEqual([0, 1])
  for (const { request } of cluster.requestsOf('Produce')) {
    expect(request.partitions.reduce((sum, { batch }) => sum + batch.length, 0)).toBeLessThanOrEqual(1048576)
  }
})

test('a batch.size that is set is obeyed, also when a batch has to wait', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'batch.size': '16384' })
  const records = Array.from({ length: 300 }, () => new TestRecord('t', 'x'.repeat(1000)))

  await sendAll(producer, records)
  await producer.flush()

  expect(Math.max(...batchSizes(cluster))).toBeLessThanOrEqual(16384)
  expect(inLog(cluster, 't')).toHaveLength(300)
})

test('requests keep to max.request.size, and no partition starves', async () => {
  const cluster = await startCluster({ topics: { t: 8 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'max.request.size': '5000', 'linger.ms': '10000' })
  const records = Array.from({ length: 80 }, (_, index) => new TestRecord('t', 'x'.repeat(1000), { partition: index % 8 }))

  await sendAll(producer, records)
  await producer.flush()

  const requests = cluster.requestsOf('Produce').map(({ request }) => request.partitions)
  expect(Math.max(...requests.map((partitions) => partitions.reduce((sum, { batch }) => sum + batch.length, 0)))).toBeLessThanOrEqual(5000)
  const firstRound = requests.slice(0, 8).flat()
  expect(new Set(firstRound.map(({ partition }) => partition)).size).toBe(8)
})

test('linger.ms=0: what one turn of the event loop sends goes out together', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'linger.ms': '0' })
  await producer.partitionsFor('t')
  const records = Array.from({ length: 10 }, (_, index) => new TestRecord('t', String(index)))

  for (const record of records) expect(producer.send(record, record)).toBeUndefined()
  await records[9]?.outcome.promise

  expect(cluster.log('t', 0).batches).toHaveLength(1)
})

test('buffer.memory is full: send waits until deliveries free it, and nothing lingers meanwhile', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'buffer.memory': '5000', 'linger.ms': '60000' })
  await producer.partitionsFor('t')
  const records = Array.from({ length: 20 }, () => new TestRecord('t', 'x'.repeat(1000)))

  const waits: number[] = []
  for (const [index, record] of records.entries()) {
    const sent = producer.send(record, record)
    if (sent !== undefined) waits.push(index)
    await sent
  }
  await producer.flush()

  expect(waits[0]).toBe(4)
  expect(inLog(cluster, 't')).toHaveLength(20)
})

test('buffer.memory stays full for max.block.ms: the record fails with the sentence of Java, and the next one is taken later', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const release = Promise.withResolvers<void>()
  const stop = cluster.onRequest('Produce', () => release.promise)
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'buffer.memory': '1500', 'max.block.ms': '100' })
  const [first, refused, next] = ['first', 'refused', 'next'].map(() => new TestRecord('t', 'x'.repeat(1000)))

  await sendAll(producer, [first!, refused!])
  expect(refused!.failure?.message).toBe(
    'Failed to allocate 1153 bytes within the configured max blocking time 100 ms. ' +
      'Total memory: 1500 bytes. Available memory: 347 bytes. Poolable size: 0 bytes',
  )
  stop()
  release.resolve()
  await sendAll(producer, [next!])
  await producer.flush()

  expect(first!.delivery).toMatchObject({ offset: 0 })
  expect(next!.delivery).toMatchObject({ offset: 1 })
})

test('send returns undefined once the topic is known', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const first = new TestRecord('t', 'first')
  await producer.send(first, first)

  for (let index = 0; index < 100; index++) {
    const record = new TestRecord('t', String(index))
    expect(producer.send(record, record)).toBeUndefined()
  }
  await producer.flush()
})

test('records and buffers may be reused after send', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const bytes = Buffer.from('one')
  await sendAll(producer, [new TestRecord('t', bytes)])
  bytes.write('two')
  await sendAll(producer, [new TestRecord('t', bytes)])
  bytes.write('xxx')
  await producer.flush()

  expect(inLog(cluster, 't')).toEqual(['one', 'two'])
})

test.each(['gzip', 'zstd'])('compression.type=%s', async (compression) => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'compression.type': compression })
  const records = Array.from({ length: 500 }, (_, index) => new TestRecord('t', `value ${index}`))

  await sendAll(producer, records)
  await producer.flush()

  expect(inLog(cluster, 't')).toEqual(records.map(({ value }) => String(value)))
  expect(batchSizes(cluster)[0]).toBeLessThan(5000)
})

test('timestamps: 0 is one, -1 is none, null is now', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET, { now: () => 42 })
  const records = [0, -1, null, 7].map((timestamp) => new TestRecord('t', 'v', { timestamp }))

  await sendAll(producer, records)
  await producer.flush()

  expect(cluster.records('t', 0).map(({ timestamp }) => timestamp)).toEqual([0, -1, 42, 7])
  expect(records.map(({ delivery }) => delivery?.timestamp)).toEqual([0, -1, 42, 7])
})

function batchSizes(cluster: ScriptedCluster): number[] {
  return cluster.describe('t', false)!.flatMap(({ batches }) => batches.map(({ batch }) => batch.length))
}

function partitionSizes(cluster: ScriptedCluster): number[] {
  return cluster.describe('t', false)!.map(({ endOffset }) => endOffset)
}
