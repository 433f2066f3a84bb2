import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { KafkaError } from '../../src/kafka/errors.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Admin, Consumer, Producer } from '../../src/kafka/ports.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { describeWithKafka } from '../support/services/suite.ts'

const clients = createKafkaClients()
const nothing = async (): Promise<void> => undefined
const listener = { onPartitionsAssigned: nothing, onPartitionsRevoked: nothing, onPartitionsLost: nothing }

async function openAdmin(address: string): Promise<Admin> {
  const admin = await clients.admin({ 'bootstrap.servers': address }, silentLogger)
  onTestFinished(() => admin.close())
  return admin
}

async function openProducer(address: string): Promise<Producer> {
  const producer = await clients.producer({ 'bootstrap.servers': address }, silentLogger)
  onTestFinished(() => producer.close())
  return producer
}

/** Creates a topic and waits until the broker has it, which may hear of it after the controller has said so. */
async function newTopic(admin: Admin, partitions = 1): Promise<string> {
  const name = `topic-${randomUUID()}`
  await admin.createTopics([{ name, partitions, replicationFactor: 1 }])
  await isThere(admin, name)
  return name
}

async function isThere(admin: Admin, name: string): Promise<void> {
  await expect
    .poll(async () => (await admin.describeTopics([name])).get(name))
    .toMatchObject({
      name,
      partitions: expect.anything() as unknown,
    })
}

/** A consumer that is a member of the group, until the test ends. */
async function member(address: string, group: string, topic: string): Promise<Consumer> {
  const consumer = await clients.consumer({ 'bootstrap.servers': address, 'group.id': group }, silentLogger)
  onTestFinished(() => consumer.close())
  consumer.subscribe([topic], listener)
  while (consumer.assignment().length === 0) await consumer.poll(100)
  return consumer
}

async function sendAt(producer: Producer, topic: string, timestamps: readonly number[]): Promise<void> {
  for (const timestamp of timestamps) {
    const delivery = { delivered: () => undefined, failed: (error: KafkaError) => expect.unreachable(error.message) }
    await producer.send({ topic, partition: 0, timestamp, key: null, value: Buffer.from('v'), headers: [] }, delivery)
  }
  await producer.flush()
}

async function rejection(promise: Promise<unknown>): Promise<KafkaError> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error: unknown) => error as KafkaError,
  )
}

describeWithKafka('admin on Apache Kafka', (address) => {
  test('K42: topics are created, described, configured and deleted', async () => {
    const admin = await openAdmin(address)
    const name = `topic-${randomUUID()}`
    const created = await admin.createTopics([
      { name, partitions: 3, replicationFactor: 1, configs: { 'cleanup.policy': 'compact' } },
      { name: `${name}-default`, partitions: -1, replicationFactor: -1 },
    ])
    expect([...created.values()]).toEqual(['created', 'created'])
    for (const each of created.keys()) await isThere(admin, each)
    const described = await admin.describeTopics([name, `${name}-default`, `${name}-nowhere`])
    expect(described.get(name)).toMatchObject({ name, internal: false, partitions: [{ partition: 0 }, { partition: 1 }, { partition: 2 }] })
    expect(described.get(`${name}-nowhere`)).toMatchObject({ number: 3 })
    expect(await admin.listTopics()).toEqual(expect.arrayContaining([name, `${name}-default`]))
    expect((await admin.topicConfigs(name)).get('cleanup.policy')).toBe('compact')
    expect(await rejection(admin.topicConfigs(`${name}-nowhere`))).toMatchObject({ number: 3 })
    const deleted = await admin.deleteTopics([name, `${name}-nowhere`])
    expect(deleted.get(name)).toBe('deleted')
    expect(deleted.get(`${name}-nowhere`)).toMatchObject({ number: 3 })
  })

  test('K42: what cannot be created says why, in the broker’s words', async () => {
    const admin = await openAdmin(address)
    const name = `topic-${randomUUID()}`
    const topic = { name, partitions: 1, replicationFactor: 1 }
    await admin.createTopics([topic])
    const outcomes = await admin.createTopics([
      topic,
      { ...topic, name: `${name}-config`, configs: { 'cleanup.policy': 'sometimes' } },
      { ...topic, name: `${name}-replicas`, replicationFactor: 9 },
      { ...topic, name: 'not a name' },
    ])
    expect(outcomes.get(name)).toBe('exists')
    expect(outcomes.get(`${name}-config`)).toMatchObject({ number: 40, message: expect.stringContaining('sometimes') as string })
    expect(outcomes.get(`${name}-replicas`)).toMatchObject({ number: 38 })
    expect(outcomes.get('not a name')).toMatchObject({ number: 17 })
  })

  test('K42: offsets of an empty group are altered, listed and deleted', async () => {
    const admin = await openAdmin(address)
    const [topic, group] = [await newTopic(admin, 2), `group-${randomUUID()}`]
    expect(await admin.groupOffsets(group)).toEqual([])
    const offsets = [0, 1].map((partition) => ({ topic, partition, offset: 7 + partition }))
    await admin.alterGroupOffsets(group, offsets)
    expect(await admin.groupOffsets(group)).toEqual(offsets)
    expect(await admin.describeGroup(group)).toMatchObject({ groupId: group, state: 'Empty', members: [] })
    await admin.deleteGroupOffsets(group, [{ topic, partition: 0 }])
    expect(await admin.groupOffsets(group)).toEqual(offsets.slice(1))
    await admin.deleteGroups([group])
    expect(await rejection(admin.deleteGroups([group]))).toMatchObject({ number: 69 })
    expect((await admin.describeGroup(group)).state).toBe('Dead')
  })

  test('K42: a group with members keeps its offsets, and the error says so', async () => {
    const admin = await openAdmin(address)
    const [topic, group] = [await newTopic(admin), `group-${randomUUID()}`]
    const consumer = await member(address, group, topic)
    await consumer.commit([{ topic, partition: 0, offset: 4 }])
    const refused = await Promise.all([
      rejection(admin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 0 }])),
      rejection(admin.deleteGroupOffsets(group, [{ topic, partition: 0 }])),
      rejection(admin.deleteGroups([group])),
    ])
    expect(refused.map(({ number }) => number)).toEqual([25, 86, 68])
    for (const { message } of refused) expect(message).toContain(`Group ${group} has active members`)
    expect(await admin.groupOffsets(group)).toEqual([{ topic, partition: 0, offset: 4 }])
    expect(await admin.describeGroup(group)).toMatchObject({
      state: 'Stable',
      protocolType: 'consumer',
      members: [{ clientHost: '/127.0.0.1' }],
    })
  })

  test('K41: offsets are found by time, and move when records are deleted', async () => {
    const admin = await openAdmin(address)
    const producer = await openProducer(address)
    const topic = await newTopic(admin)
    await sendAt(producer, topic, [1_000_000, 2_000_000, 3_000_000])
    const find = (spec: 'earliest' | 'latest' | number): Promise<readonly (number | null)[]> =>
      admin.listOffsets([{ topic, partition: 0, spec }])
    expect(await find(1)).toEqual([0])
    expect(await find(1_500_000)).toEqual([1])
    expect(await find(3_000_001)).toEqual([null])
    await admin.deleteRecords([{ topic, partition: 0, offset: 2 }])
    expect(await find('earliest')).toEqual([2])
    expect(await find('latest')).toEqual([3])
    expect(await admin.listOffsets([{ topic, partition: 0, spec: 'latest' }], 'read_committed')).toEqual([3])
    const specs = ['earliest', 'latest', 2_000_001] as const
    expect(await admin.listOffsets(specs.map((spec) => ({ topic, partition: 0, spec })))).toEqual([2, 3, 2])
  })

  test('the cluster describes itself', async () => {
    const cluster = await (await openAdmin(address)).describeCluster()
    expect(cluster.clusterId).not.toBe('')
    expect(cluster.nodes.map(({ host, port }) => `${host}:${port}`)).toEqual([address])
    expect(cluster.nodes.map(({ nodeId }) => nodeId)).toContain(cluster.controllerId)
  })
})
