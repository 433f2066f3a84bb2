import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { CountedBytes } from '../../../support/fakes/counted-bytes.ts'
import { append, numbers, openConsumer, partitionsOf, pollRecords, pollUntil, startCluster, textOf, valuesOf } from './open-consumer.ts'

const T0 = { topic: 't', partition: 0 }
const T1 = { topic: 't', partition: 1 }

describe('reading assigned partitions', () => {
  it('hands out at most max.poll.records, whole runs of a partition in turn', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    append(cluster, 't', 0, numbers(0, 5))
    append(cluster, 't', 1, numbers(10, 15))
    const consumer = await openConsumer(cluster, { 'max.poll.records': '3' })
    consumer.assign(partitionsOf('t', 2))
    const polls = []
    while (polls.flat().length < 10) polls.push(valuesOf(await consumer.poll(100)))
    expect(Math.max(...polls.map((poll) => poll.length))).toBe(3)
    const all = polls.flat().map(Number)
    expect(all.filter((value) => value < 10)).toEqual(numbers(0, 5))
    expect(all.filter((value) => value >= 10)).toEqual(numbers(10, 15))
    // the second partition has its turn before the first is through
    expect(all.findIndex((value) => value >= 10)).toBeLessThan(all.indexOf(4))
  })

  it('tells how many records of its partitions it has not handed out', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, numbers(0, 5))
    const consumer = await openConsumer(cluster, { 'max.poll.records': '3' })
    consumer.assign([T0])
    const lags = [consumer.lag()]
    await pollRecords(consumer, 3)
    lags.push(consumer.lag())
    await pollRecords(consumer, 2)
    lags.push(consumer.lag())
    consumer.seek(T0, 1)
    lags.push(consumer.lag())
    consumer.assign([])
    lags.push(consumer.lag())
    expect(lags).toEqual([0, 2, 0, 4, 0])
  })

  it('tells key, value, timestamp and headers of a record', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    cluster.append('t', 0, [
      {
        key: 'k',
        value: null,
        timestamp: 5,
        headers: [
          ['h', 'v'],
          ['h', null],
        ],
      },
    ])
    const consumer = await openConsumer(cluster)
    consumer.assign([T0])
    const [batch] = await pollRecords(consumer, 1)
    const { key, value, timestamp, timestampType, headers } = batch!.records[0]!
    expect({ key: key?.toString(), value, timestamp, timestampType }).toEqual({
      key: 'k',
      value: null,
      timestamp: 5,
      timestampType: 'CreateTime',
    })
    expect(headers).toEqual([
      { key: 'h', value: Buffer.from('v') },
      { key: 'h', value: null },
    ])
  })

  it('K22: position passes an empty compacted batch at the end, with few fetches', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, ['a'])
    cluster.append('t', 0, [], { lastOffsetDelta: 9 })
    const consumer = await openConsumer(cluster, { 'fetch.max.wait.ms': '500' })
    consumer.assign([T0])
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['a'])
    while ((await consumer.position(T0)) < 11) await consumer.poll(1000)
    expect(await consumer.position(T0)).toBe((await consumer.endOffsets([T0]))[0])
    await consumer.poll(300)
    expect(cluster.requestsOf('Fetch').length).toBeLessThan(6)
  })

  it('K22: position passes a marker at the end', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    cluster.append('t', 0, [{ value: 'a' }], { producerId: 7, producerEpoch: 0, attributes: 0x10 })
    cluster.append('t', 0, [{ key: '\0\0\0\u0001', value: '\0\0\0\0\0\0' }], { producerId: 7, producerEpoch: 0, attributes: 0x30 })
    const consumer = await openConsumer(cluster)
    consumer.assign([T0])
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['a'])
    await pollUntil(consumer, () => cluster.requestsOf('Fetch').at(-1)?.request.partitions[0]?.offset === 2)
    expect(await consumer.position(T0)).toBe(2)
  })

  it('K31: a paused partition keeps its buffer, each record comes once and nothing is fetched twice', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    append(cluster, 't', 0, numbers(0, 100))
    append(cluster, 't', 1, numbers(100, 200))
    const consumer = await openConsumer(cluster, { 'max.poll.records': '10' })
    consumer.assign(partitionsOf('t', 2))
    const before = await pollRecords(consumer, 30)
    consumer.pause([T0])
    const during = await pollRecords(consumer, 200 - 30 - (await left(consumer, T0)))
    expect(during.every(({ partition }) => partition === 1)).toBe(true)
    consumer.resume([T0])
    const after = await pollRecords(consumer, await left(consumer, T0))
    const values = valuesOf([...before, ...during, ...after]).map(Number)
    expect(values.toSorted((a, b) => a - b)).toEqual(numbers(0, 200))
    const asked = cluster.requestsOf('Fetch').flatMap(({ request }) => request.partitions)
    expect(asked.filter(({ partition, offset }) => partition === 0 && offset < 100)).toHaveLength(1)
  })

  it('K31: a paused partition is not fetched, and does not hold up the others of its broker', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    const consumer = await openConsumer(cluster)
    consumer.assign(partitionsOf('t', 2))
    await consumer.poll(0)
    consumer.pause([T0])
    append(cluster, 't', 0, ['no'])
    append(cluster, 't', 1, ['yes'])
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['yes'])
    await consumer.poll(150)
    expect(
      cluster
        .requestsOf('Fetch')
        .at(-1)!
        .request.partitions.map(({ partition }) => partition),
    ).toEqual([1])
  })

  it('K31: seek inside a batch starts exactly there', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, numbers(0, 10))
    const consumer = await openConsumer(cluster)
    consumer.assign([T0])
    consumer.seek(T0, 7)
    expect(textOf(await pollRecords(consumer, 3))).toEqual(['t-0@7=7', 't-0@8=8', 't-0@9=9'])
    consumer.seek(T0, 'beginning')
    expect(textOf(await consumer.poll(1000))[0]).toBe('t-0@0=0')
    consumer.seek(T0, 'end')
    expect(await consumer.position(T0)).toBe(10)
  })

  it('K31: an answer for an old position is dropped', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, numbers(0, 10))
    const consumer = await openConsumer(cluster)
    const release = Promise.withResolvers<void>()
    const remove = cluster.onRequest('Fetch', () => release.promise)
    consumer.assign([T0])
    await pollUntil(consumer, () => cluster.requestsOf('Fetch').length === 1)
    consumer.seek(T0, 8)
    remove()
    release.resolve()
    expect(textOf(await pollRecords(consumer, 2))).toEqual(['t-0@8=8', 't-0@9=9'])
  })

  it('K32: while nothing is polled, a broker has one answer waiting and one behind it, and no more is asked for', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    for (let batch = 0; batch < 50; batch++) append(cluster, 't', 0, numbers(batch * 10, batch * 10 + 10))
    const consumer = await openConsumer(cluster, { 'max.partition.fetch.bytes': '100', 'max.poll.records': '5' })
    consumer.assign([T0])
    await pollRecords(consumer, 5)
    await cluster.until(() => cluster.requestsOf('Fetch').length === 2)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(cluster.requestsOf('Fetch')).toHaveLength(2)
    expect(valuesOf(await pollRecords(consumer, 495)).map(Number)).toEqual(numbers(5, 500))
  })

  it('K32: a slow application keeps the consumer at two answers a broker, however long it goes on', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 2 } })
    for (let batch = 0; batch < 40; batch++) for (const partition of [0, 1]) append(cluster, 't', partition, ['x'.repeat(1000)])
    const bytes = new CountedBytes(Infinity)
    const props = { 'fetch.max.bytes': '4000', 'max.partition.fetch.bytes': '4000', 'max.poll.records': '1' }
    const consumer = await openConsumer(cluster, props, new CollectingLogger(), bytes)
    const partitions = partitionsOf('t', 2)
    consumer.assign(partitions)
    for (let round = 0; round < 5; round++) {
      for (const partition of partitions) consumer.seek(partition, 0)
      for (let seen = 0; seen < 80; await sleep(2)) seen += (await consumer.poll(100)).length
    }
    // per broker one answer that is being handed out and one behind it, each of four batches, beside the batch in the application's hands
    expect(bytes.most).toBeLessThanOrEqual(2 * 2 * 4400 + 1100)
    for (const partition of partitions) consumer.seek(partition, 'end')
    await pollUntil(consumer, () => bytes.held === 0)
  })

  it('K44: of 1,000 partitions on 3 brokers one fetch a broker is in flight, and every partition is served within three rounds', async () => {
    const cluster = await startCluster({ nodes: 3, topics: { t: 1000 } })
    for (let partition = 0; partition < 1000; partition++) append(cluster, 't', partition, numbers(0, 5))
    // a third of what a broker has; a batch of five is some 100 bytes
    const consumer = await openConsumer(cluster, { 'fetch.max.bytes': '15000', 'max.poll.records': '200' })
    const inFlight = new Map<number, number>()
    let most = 0
    cluster.onRequest('Fetch', async ({ node }) => {
      inFlight.set(node, (inFlight.get(node) ?? 0) + 1)
      most = Math.max(most, inFlight.get(node)!)
      await new Promise(setImmediate)
      inFlight.set(node, inFlight.get(node)! - 1)
    })
    consumer.assign(partitionsOf('t', 1000))
    const seen = new Set((await pollRecords(consumer, 5000)).map(({ partition }) => partition))
    expect(seen.size).toBe(1000)
    for (const node of [1, 2, 3]) {
      await pollUntil(consumer, () => cluster.requestsOf('Fetch').filter((request) => request.node === node).length > 3)
      const fourth = cluster.requestsOf('Fetch').filter((request) => request.node === node)[3]!
      expect(fourth.request.partitions.filter(({ offset }) => offset === 0)).toEqual([])
    }
    expect(most).toBe(1)
    expect(cluster.acceptedConnections()).toBeLessThanOrEqual(6) // control and fetch of each broker
  })

  it('K3: a leader that moves holds up its partition alone, and positions and order are kept', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 2 } })
    const consumer = await openConsumer(cluster)
    consumer.assign(partitionsOf('t', 2))
    append(cluster, 't', 0, numbers(0, 10))
    append(cluster, 't', 1, numbers(100, 110))
    const before = await pollRecords(consumer, 20)
    cluster.setLeader('t', 0, 2)
    append(cluster, 't', 0, numbers(10, 20))
    append(cluster, 't', 1, numbers(110, 120))
    const values = valuesOf([...before, ...(await pollRecords(consumer, 20))]).map(Number)
    expect(values.filter((value) => value < 100)).toEqual(numbers(0, 20))
    expect(values.filter((value) => value >= 100)).toEqual(numbers(100, 120))
  })

  it('goes on where it was after connections broke', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster)
    consumer.assign([T0])
    append(cluster, 't', 0, numbers(0, 10))
    const before = await pollRecords(consumer, 10)
    cluster.once('Fetch', { do: 'cut' })
    cluster.cutConnections()
    append(cluster, 't', 0, numbers(10, 20))
    expect(valuesOf([...before, ...(await pollRecords(consumer, 10))]).map(Number)).toEqual(numbers(0, 20))
  })

  it('K15: a damaged batch is an error that names topic, partition and offset; what is before it and beside it comes', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    append(cluster, 't', 0, ['good'])
    append(cluster, 't', 0, ['bad'])
    append(cluster, 't', 1, ['other'])
    const { batch } = cluster.log('t', 0).batches[1]!
    batch[batch.length - 2]! ^= 1
    const consumer = await openConsumer(cluster)
    consumer.assign(partitionsOf('t', 2))
    const seen: string[] = []
    const errors: string[] = []
    while (errors.length < 2)
      await consumer.poll(100).then(
        (batches) => seen.push(...valuesOf(batches)),
        (error: Error) => errors.push(error.message),
      )
    expect(seen.toSorted()).toEqual(['good', 'other'])
    expect(errors[1]).toMatch(/t-0|topic t.*partition 0/)
    expect(errors[1]).toContain('1')
    consumer.seek(T0, 2)
    expect(valuesOf(await consumer.poll(50))).toEqual([])
  })

  it('check.crcs=false lets a flipped bit pass', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, ['abc'])
    const { batch } = cluster.log('t', 0).batches[0]!
    batch[batch.length - 2]! ^= 1
    const consumer = await openConsumer(cluster, { 'check.crcs': 'false' })
    consumer.assign([T0])
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['abb'])
  })

  it('K37: an unauthorised topic is said by poll, and the others work', async () => {
    const cluster = await startCluster({ topics: { t: 1, secret: 1 } })
    append(cluster, 't', 0, ['a'])
    cluster.onRequest('Fetch', () => ({ do: 'error', code: 29, where: (topic) => topic === 'secret' }))
    const consumer = await openConsumer(cluster)
    consumer.assign([T0, { topic: 'secret', partition: 0 }])
    const seen: string[] = []
    const errors: unknown[] = []
    while (errors.length === 0 || seen.length === 0) {
      await consumer.poll(100).then(
        (batches) => seen.push(...valuesOf(batches)),
        (error: unknown) => errors.push(error),
      )
    }
    expect(seen).toEqual(['a'])
    expect(errors[0]).toMatchObject({
      code: 'TOPIC_AUTHORIZATION_FAILED',
      message: 'Not authorized to access topics: [secret]',
      auth: true,
    })
  })

  it('K37: a topic that does not exist yet is warned of once and read when it appears', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, ['a'])
    const log = new CollectingLogger()
    const consumer = await openConsumer(cluster, { 'allow.auto.create.topics': 'false' }, log)
    consumer.assign([T0, { topic: 'later', partition: 0 }])
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['a'])
    await consumer.poll(100)
    expect(log.lines.filter((line) => line.startsWith('WARN Topic later cannot be read: UNKNOWN_TOPIC_OR_PARTITION'))).toHaveLength(1)
    cluster.createTopic('later', 1)
    append(cluster, 'later', 0, ['b'])
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['b'])
  })

  it('leaves timers their turn in a loop of polls and synchronous work', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    for (let batch = 0; batch < 200; batch++) append(cluster, 't', 0, numbers(0, 10))
    const consumer = await openConsumer(cluster, { 'max.poll.records': '10' })
    consumer.assign([T0])
    await pollRecords(consumer, 10)
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    for (let polls = 0; polls < 100; polls++) {
      await consumer.poll(0)
      const until = performance.now() + 3
      while (performance.now() < until);
    }
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(10)
  })

  it('refuses misuse in Java’s words', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    const consumer = await openConsumer(cluster)
    await expect(consumer.poll(0)).rejects.toThrow('Consumer is not subscribed to any topics or assigned any partitions')
    consumer.assign([T0])
    expect(() => consumer.seek(T1, 0)).toThrow('No current assignment for partition t-1')
    expect(() => consumer.seek(T0, -1)).toThrow('seek offset must not be a negative number')
    await expect(consumer.commit([{ ...T0, offset: 1 }])).rejects.toThrow('you must provide a valid group.id')
    const polling = consumer.poll(50)
    await expect(consumer.poll(0)).rejects.toThrow('not safe for concurrent access')
    await polling
    await consumer.close()
    await expect(consumer.poll(0)).rejects.toThrow('This consumer has already been closed.')
  })
})

async function left(consumer: Awaited<ReturnType<typeof openConsumer>>, partition: typeof T0): Promise<number> {
  return 100 - (await consumer.position(partition))
}
