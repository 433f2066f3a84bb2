import { describe, expect, it, onTestFinished } from 'vitest'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import type { Admin, Consumer, Producer } from '../../../src/kafka/ports.ts'
import { silentLogger } from '../../../src/logging/logger.ts'
import { sendAll, TestRecord } from '../../support/real-producer.ts'
import { newName, newTopic, untilLed, valuesFrom } from '../raw-requests.ts'
import type { Stage } from '../target.ts'
import { oneAborted } from '../transaction.ts'

const clients = createKafkaClients()

export function ownClientCases(stage: Stage): void {
  async function producer(props: Readonly<Record<string, string>> = {}): Promise<Producer> {
    const client = await clients.producer({ 'bootstrap.servers': stage.address, 'linger.ms': '5', ...props }, silentLogger)
    onTestFinished(() => client.close(0))
    return client
  }

  async function consumer(props: Readonly<Record<string, string>> = {}): Promise<Consumer> {
    const earliest = { 'auto.offset.reset': 'earliest', 'enable.auto.commit': 'false', 'heartbeat.interval.ms': '100' }
    const client = await clients.consumer({ 'bootstrap.servers': stage.address, ...earliest, ...props }, silentLogger)
    onTestFinished(() => client.close(1000))
    return client
  }

  async function admin(): Promise<Admin> {
    const client = await clients.admin({ 'bootstrap.servers': stage.address }, silentLogger)
    onTestFinished(() => client.close())
    return client
  }

  async function sent(client: Producer, topic: string, values: readonly string[]): Promise<void> {
    const records = values.map((value) => new TestRecord(topic, value, { partition: 0 }))
    await sendAll(client as never, records)
    await client.flush()
    for (const record of records) expect(record.failure).toBeNull()
  }

  async function polled(client: Consumer, count: number): Promise<string[]> {
    const values: string[] = []
    await expect
      .poll(
        async () => {
          for (const { records } of await client.poll(100)) values.push(...records.map(({ value }) => value!.toString()))
          return values.length
        },
        { timeout: 60_000 },
      )
      .toBeGreaterThanOrEqual(count)
    return values
  }

  const nothing = {
    onPartitionsRevoked: () => Promise.resolve(),
    onPartitionsAssigned: () => Promise.resolve(),
    onPartitionsLost: () => Promise.resolve(),
  }

  describe('our client', () => {
    it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('produces and consumes with compression %s', async (codec) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const values = Array.from({ length: 500 }, (_, index) => `value ${index}`)
      await sent(await producer({ 'compression.type': codec }), topic, values)
      const reader = await consumer()
      reader.assign([{ topic, partition: 0 }])
      expect(await polled(reader, 500)).toEqual(values)
    })

    it('goes on where its group was', async () => {
      const topic = await newTopic(await stage.connect())
      const group = newName('own')
      await sent(await producer(), topic, ['a', 'b', 'c'])
      const first = await consumer({ 'group.id': group })
      first.subscribe([topic], nothing)
      expect(await polled(first, 3)).toEqual(['a', 'b', 'c'])
      await first.commit([{ topic, partition: 0, offset: 2 }])
      await first.close()
      const second = await consumer({ 'group.id': group })
      second.subscribe([topic], nothing)
      expect(await polled(second, 1)).toEqual(['c'])
      expect(await second.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 2 }])
    })

    it('shares partitions with a second member, and takes them back', async () => {
      const topic = await newTopic(await stage.connect(), { partitions: 4 })
      const group = newName('own')
      const [one, two] = [await consumer({ 'group.id': group }), await consumer({ 'group.id': group })]
      one.subscribe([topic], nothing)
      await expect.poll(async () => (await one.poll(50), one.assignment().length), { timeout: 60_000 }).toBe(4)
      two.subscribe([topic], nothing)
      const both = async () => (await Promise.all([one.poll(50), two.poll(50)]), [one.assignment().length, two.assignment().length])
      await expect.poll(both, { timeout: 60_000 }).toEqual([2, 2])
      await two.close()
      await expect.poll(async () => (await one.poll(50), one.assignment().length), { timeout: 60_000 }).toBe(4)
    })

    it('finds positions: begin, end and by time', async () => {
      const topic = await newTopic(await stage.connect())
      await sent(await producer(), topic, ['a', 'b', 'c'])
      const reader = await consumer()
      const partition = { topic, partition: 0 }
      expect([await reader.beginningOffsets([partition]), await reader.endOffsets([partition])]).toEqual([[0], [3]])
      expect(await reader.offsetsForTimes([{ ...partition, timestamp: 0 }])).toEqual([0])
      reader.assign([partition])
      reader.seek(partition, 2)
      expect(await polled(reader, 1)).toEqual(['c'])
    })

    it('commits records and offsets in transactions, and fences an old producer', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const [group, id] = [newName('own'), newName('own-txn')]
      const first = await producer({ 'transactional.id': id })
      await first.initTransactions()
      for (const [value, committed] of oneAborted) {
        first.beginTransaction()
        await sent(first, topic, [value])
        await first.sendOffsetsToTransaction([{ topic, partition: 0, offset: value.length }], {
          groupId: group,
          generationId: -1,
          memberId: '',
          groupInstanceId: null,
        })
        await (committed ? first.commitTransaction() : first.abortTransaction())
      }
      const reader = await consumer({ 'isolation.level': 'read_committed' })
      reader.assign([{ topic, partition: 0 }])
      expect(await polled(reader, 2)).toEqual(['one', 'three'])
      const operator = await admin()
      // the group's marker may come after the topic's
      await expect.poll(() => operator.groupOffsets(group)).toMatchObject([{ topic, partition: 0, offset: 5 }])
      const second = await producer({ 'transactional.id': id })
      await second.initTransactions()
      first.beginTransaction()
      const late = new TestRecord(topic, 'late', { partition: 0 })
      await Promise.resolve(first.send(late, late)).catch(() => undefined)
      await expect(first.commitTransaction()).rejects.toThrow()
      expect(await valuesFrom(raw, topic)).not.toContain('late')
    })

    it('administers topics, records, groups and producers', async () => {
      const operator = await admin()
      const topic = newName('own')
      const created = await operator.createTopics([
        { name: topic, partitions: 2, replicationFactor: -1, configs: { 'retention.ms': '-1' } },
      ])
      expect(created.get(topic)).toBe('created')
      await untilLed(await stage.connect(), topic, 2) // a broker may hear of it after the controller has said so
      expect((await operator.createTopics([{ name: topic, partitions: 2, replicationFactor: 1 }])).get(topic)).toBe('exists')
      expect((await operator.topicConfigs(topic)).get('retention.ms')).toBe('-1')
      expect(await operator.describeTopics([topic])).toMatchObject(new Map([[topic, { partitions: [{ leader: 1 }, { leader: 1 }] }]]))
      await sent(await producer(), topic, ['a', 'b'])
      await operator.deleteRecords([{ topic, partition: 0, offset: 1 }])
      expect(await operator.listOffsets([{ topic, partition: 0, spec: 'earliest' }])).toEqual([1])
      expect(await operator.listOffsets([{ topic, partition: 0, spec: 'latest' }])).toEqual([2])
      const group = newName('own')
      await operator.alterGroupOffsets(group, [{ topic, partition: 0, offset: 2 }])
      expect(await operator.describeGroup(group)).toMatchObject({ state: 'Empty' })
      await operator.deleteGroupOffsets(group, [{ topic, partition: 0 }])
      expect(await operator.groupOffsets(group)).toEqual([])
      const id = newName('own-txn')
      await operator.fenceProducers([`${id}-a`, `${id}-b`])
      expect([...(await operator.listTransactions(`${id}-`))].toSorted()).toEqual([`${id}-a`, `${id}-b`])
      expect((await operator.deleteTopics([topic])).get(topic)).toBe('deleted')
      expect((await operator.describeCluster()).nodes).toHaveLength(1)
    })
  })
}
