import { CompressionTypes, ConfigResourceTypes, Kafka, logLevel, type Admin, type Consumer, type Producer } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newName, newTopic, valuesFrom } from '../raw-requests.ts'
import type { Stage } from '../target.ts'
import { oneAborted } from '../transaction.ts'

export function kafkajsCases(stage: Stage): void {
  function kafka(): Kafka {
    return new Kafka({
      clientId: 'conformance',
      brokers: [stage.address],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, retries: 20 },
    })
  }

  async function admin(): Promise<Admin> {
    const client = kafka().admin()
    await client.connect()
    onTestFinished(() => client.disconnect())
    return client
  }

  async function producer(options: Parameters<Kafka['producer']>[0] = {}): Promise<Producer> {
    const client = kafka().producer(options)
    await client.connect()
    onTestFinished(() => client.disconnect())
    return client
  }

  async function consumer(groupId: string): Promise<Consumer> {
    const client = kafka().consumer({ groupId, sessionTimeout: 30_000, heartbeatInterval: 200, maxWaitTimeInMs: 100 })
    await client.connect()
    onTestFinished(() => client.disconnect())
    return client
  }

  /** Runs a consumer until it has so many values. */
  async function consumed(client: Consumer, topic: string, count: number): Promise<(string | undefined)[]> {
    const values: (string | undefined)[] = []
    await client.subscribe({ topic, fromBeginning: true })
    await client.run({
      autoCommit: true,
      autoCommitThreshold: 1,
      eachMessage: ({ message }) => (values.push(message.value?.toString()), Promise.resolve()),
    })
    await expect.poll(() => values.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(count)
    return values
  }

  describe('kafkajs', () => {
    it('produces and consumes', async () => {
      const topic = await newTopic(await stage.connect())
      const sent = await (await producer()).send({ topic, acks: -1, messages: [{ key: 'k', value: 'a', headers: { h: 'x' } }, { value: 'b' }] }) // prettier-ignore
      expect(sent).toMatchObject([{ topicName: topic, partition: 0, errorCode: 0, baseOffset: '0' }])
      expect(await consumed(await consumer(newName('kafkajs')), topic, 2)).toEqual(['a', 'b'])
    })

    it('produces with gzip, as an idempotent producer', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const client = await producer({ idempotent: true, maxInFlightRequests: 1 })
      for (const value of ['a', 'b']) await client.send({ topic, compression: CompressionTypes.GZIP, messages: [{ value }] })
      expect(await valuesFrom(raw, topic)).toEqual(['a', 'b'])
    })

    it('commits and aborts transactions', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const client = await producer({ transactionalId: newName('kafkajs'), maxInFlightRequests: 1, idempotent: true })
      for (const [value, committed] of oneAborted) {
        const transaction = await client.transaction()
        await transaction.send({ topic, messages: [{ value }] })
        await (committed ? transaction.commit() : transaction.abort())
      }
      expect(await consumed(await consumer(newName('kafkajs')), topic, 2)).toEqual(['one', 'three'])
    })

    it('commits offsets in a transaction', async () => {
      const topic = await newTopic(await stage.connect())
      const groupId = newName('kafkajs')
      const client = await producer({ transactionalId: newName('kafkajs'), maxInFlightRequests: 1, idempotent: true })
      const transaction = await client.transaction()
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions: [{ partition: 0, offset: '7' }] }] })
      await transaction.commit()
      const operator = await admin()
      await expect
        .poll(() => operator.fetchOffsets({ groupId, topics: [topic] }))
        .toMatchObject([{ topic, partitions: [{ partition: 0, offset: '7' }] }])
    })

    it('shares partitions between the members of a group', async () => {
      const topic = await newTopic(await stage.connect(), { partitions: 2 })
      const groupId = newName('kafkajs')
      const seen = [new Set<number>(), new Set<number>()] as const
      for (const partitions of seen) {
        const member = await consumer(groupId)
        await member.subscribe({ topic, fromBeginning: true })
        await member.run({ eachMessage: ({ partition }) => (partitions.add(partition), Promise.resolve()) })
      }
      const client = await producer()
      await expect
        .poll(
          async () => {
            seen[0].clear()
            seen[1].clear()
            await client.sendBatch({ topicMessages: [{ topic, messages: [0, 1].map((partition) => ({ partition, value: 'x' })) }] })
            await new Promise((resolve) => setTimeout(resolve, 200))
            return [seen[0].size, seen[1].size]
          },
          { timeout: 60_000 },
        )
        .toEqual([1, 1])
    })

    it('administers topics', async () => {
      const operator = await admin()
      const topic = newName('kafkajs')
      const configEntries = [{ name: 'retention.ms', value: '777' }]
      expect(await operator.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }] })).toBe(true)
      expect(await operator.createTopics({ topics: [{ topic }] })).toBe(false)
      expect(await operator.listTopics()).toContain(topic)
      await operator.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
      await expect.poll(async () => (await operator.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.length).toBe(3)
      const { resources } = await operator.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }],
      })
      expect(resources[0]!.configEntries).toMatchObject([{ configName: 'retention.ms', configValue: '777' }])
      await operator.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'segment.ms', value: '888' }] }],
      })
      expect(await operator.fetchTopicOffsets(topic)).toHaveLength(3)
      await operator.deleteTopics({ topics: [topic] })
      await expect.poll(() => operator.listTopics()).not.toContain(topic)
    })

    it('administers records', async () => {
      const topic = await newTopic(await stage.connect())
      const operator = await admin()
      await (await producer()).send({ topic, messages: ['a', 'b', 'c'].map((value) => ({ value })) })
      await operator.fetchTopicOffsets(topic) // deleteTopicRecords looks only at metadata that is there
      await operator.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
      expect(await operator.fetchTopicOffsets(topic)).toMatchObject([{ low: '2', high: '3' }])
      expect(await operator.fetchTopicOffsetsByTimestamp(topic, 0)).toMatchObject([{ offset: '2' }])
    })

    it('administers groups', async () => {
      const topic = await newTopic(await stage.connect())
      const groupId = newName('kafkajs')
      const operator = await admin()
      await (await producer()).send({ topic, messages: [{ value: 'x' }] })
      const member = await consumer(groupId)
      await consumed(member, topic, 1)
      const { groups } = await operator.describeGroups([groupId])
      expect(groups).toMatchObject([{ groupId, state: 'Stable', protocol: 'RoundRobinAssigner', members: [{ clientId: 'conformance' }] }])
      expect((await operator.listGroups()).groups).toContainEqual({ groupId, protocolType: 'consumer' })
      await member.disconnect()
      expect(await operator.deleteGroups([groupId])).toMatchObject([{ groupId, errorCode: 0 }])
    })

    it('describes the cluster', async () => {
      const { brokers, controller, clusterId } = await (await admin()).describeCluster()
      const [host, port] = stage.address.split(':')
      expect({ brokers, controller }).toEqual({ brokers: [{ nodeId: 1, host, port: Number(port) }], controller: 1 })
      expect(clusterId).toMatch(/^[\w-]{22}$/)
    })
  })
}
