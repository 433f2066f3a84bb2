import { expect, test } from 'vitest'
import { CONNECT_PRESET, newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import { inLog, startCluster } from './cluster.ts'

test('K9 an unknown topic, not created by asking: send waits max.block.ms, then fails the record', async () => {
  const cluster = await startCluster({})
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'max.block.ms': '100' })
  const record = new TestRecord('nowhere', 'v')

  const sent = producer.send(record, record)
  expect(sent).toBeInstanceOf(Promise)
  await sent

  expect(record.failure).toMatchObject({
    javaName: 'org.apache.kafka.common.errors.TimeoutException',
    message: 'Topic nowhere not present in metadata after 100 ms.',
  })
  await expect(producer.partitionsFor('nowhere')).rejects.toThrow('Topic nowhere not present in metadata after 100 ms.')
})

test('K9 a topic that appears meanwhile is used, with max.block.ms of Long.MAX_VALUE too', async () => {
  const cluster = await startCluster({})
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const records = Array.from({ length: 3 }, (_, index) => new TestRecord('late', String(index)))

  const sent = sendAll(producer, records)
  await cluster.until(() => cluster.requestsOf('Metadata').length > 3)
  cluster.createTopic('late', 1)
  await sent
  await producer.flush()

  expect(inLog(cluster, 'late')).toEqual(['0', '1', '2'])
})

test('K9 a topic that the broker creates by being asked is used', async () => {
  const cluster = await startCluster({ autoCreatePartitions: 2 })
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const record = new TestRecord('made', 'v', { partition: 1 })

  await sendAll(producer, [record])
  await producer.flush()

  expect(record.delivery).toMatchObject({ partition: 1, offset: 0 })
})

test('K9 a topic that may not be described fails the record at once', async () => {
  const cluster = await startCluster({ topics: { secret: 1, open: 1 } })
  cluster.onRequest('Metadata', () => ({ do: 'error', code: 29, where: (topic) => topic === 'secret' }))
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const [secret, open] = [new TestRecord('secret', 'v'), new TestRecord('open', 'v')]

  await sendAll(producer, [secret, open])
  await producer.flush()

  expect(secret.failure).toMatchObject({ auth: true, topic: 'secret' })
  expect(open.delivery).toMatchObject({ offset: 0 })
})

test('K9 sends that do not wait for the one before them are taken in their order', async () => {
  const cluster = await startCluster({ autoCreatePartitions: 1 })
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const records = Array.from({ length: 20 }, (_, index) => new TestRecord(index % 2 === 0 ? 'even' : 'odd', String(index)))

  await Promise.all(records.map(async (record) => producer.send(record, record)))
  await producer.flush()

  expect(inLog(cluster, 'even')).toEqual(['0', '2', '4', '6', '8', '10', '12', '14', '16', '18'])
  expect(inLog(cluster, 'odd')).toEqual(['1', '3', '5', '7', '9', '11', '13', '15', '17', '19'])
})

test('K36 an explicit partition beyond the known count waits until the topic has it', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  await producer.partitionsFor('t')
  const record = new TestRecord('t', 'v', { partition: 2 })

  const sent = producer.send(record, record)
  expect(sent).toBeInstanceOf(Promise)
  cluster.addPartitions('t', 3)
  await sent
  await producer.flush()

  expect(record.delivery).toMatchObject({ partition: 2, offset: 0 })
})

test('K36 an explicit partition that never comes, or cannot be, fails the record', async () => {
  const cluster = await startCluster({ topics: { t: 2 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'max.block.ms': '100' })
  const [absent, negative] = [new TestRecord('t', 'v', { partition: 5 }), new TestRecord('t', 'v', { partition: -1 })]

  await sendAll(producer, [absent, negative])

  expect(absent.failure?.message).toBe('Partition 5 of topic t with partition count 2 is not present in metadata after 100 ms.')
  expect(negative.failure?.message).toBe('Invalid partition: -1. Partition number should always be non-negative or null.')
})

test('K36 K10 partitions that are added affect only later records', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'metadata.max.age.ms': '50', 'linger.ms': '300' })
  const early = Array.from({ length: 20 }, (_, index) => new TestRecord('t', String(index), { key: `key ${index}` }))
  await sendAll(producer, early)
  cluster.addPartitions('t', 4)
  await expect.poll(() => producer.partitionsFor('t')).toEqual([0, 1, 2, 3])

  const later = Array.from({ length: 20 }, (_, index) => new TestRecord('t', String(index), { key: `key ${index}` }))
  await sendAll(producer, later)
  await producer.flush()

  expect(new Set(early.map(({ delivery }) => delivery?.partition))).toEqual(new Set([0]))
  expect(new Set(later.map(({ delivery }) => delivery?.partition)).size).toBeGreaterThan(1)
})

test('K36 a topic nobody writes to is forgotten after metadata.max.idle.ms, and its deletion lasts', async () => {
  const cluster = await startCluster({ topics: { busy: 1 }, autoCreatePartitions: 1 })
  let ahead = 0
  const props = { ...CONNECT_PRESET, 'metadata.max.age.ms': '20', 'metadata.max.idle.ms': '5000' }
  const { producer } = newProducer(cluster.bootstrapServers, props, { clock: () => ahead + performance.now() })
  const records = ['idle', 'busy'].map((topic) => new TestRecord(topic, 'v'))
  await sendAll(producer, records)
  await producer.flush()
  const asksForIdle = () => cluster.requestsOf('Metadata').at(-1)?.request.topics?.includes('idle')
  const asked = cluster.requestsOf('Metadata').length
  await cluster.until(() => cluster.requestsOf('Metadata').length > asked + 2)
  expect(asksForIdle()).toBe(true)

  ahead += 4000
  await sendAll(producer, [new TestRecord('busy', 'v')])
  ahead += 4000
  await cluster.until(() => asksForIdle() === false)
  cluster.deleteTopic('idle')
  await cluster.until(() => cluster.requestsOf('Metadata').at(-1)?.request.topics?.includes('busy') === true)
  expect(cluster.topicNames()).toEqual(['busy'])

  const again = new TestRecord('idle', 'v')
  await sendAll(producer, [again])
  await producer.flush()
  expect(again.delivery).toMatchObject({ offset: 0 })
})

test('K36 a topic that is deleted and created anew is followed', async () => {
  const cluster = await startCluster({ topics: { t: 3 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'metadata.max.age.ms': '50' })
  const first = new TestRecord('t', 'first', { partition: 0 })
  await sendAll(producer, [first])
  await producer.flush()

  cluster.deleteTopic('t')
  const waiting = new TestRecord('t', 'waiting', { partition: 0 })
  await sendAll(producer, [waiting])
  cluster.createTopic('t', 2)
  await producer.flush()

  expect(waiting.delivery).toMatchObject({ partition: 0, offset: 0 })
  await expect.poll(() => producer.partitionsFor('t')).toEqual([0, 1])
})
