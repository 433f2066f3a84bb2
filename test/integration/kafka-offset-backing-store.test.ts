import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Admin } from '../../src/kafka/ports.ts'
import { KafkaOffsetBackingStore } from '../../src/offsets/kafka-offset-backing-store.ts'
import { offsetBackingStoreContract } from '../contract/offset-backing-store.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { kcat } from '../support/services/kcat.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'

const clients = createKafkaClients()
const newTopic = () => `offsets-${randomUUID()}`
const entry = (key: string, value: string | null) => ({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) })
const key = '["a",{"filename":"x"}]'

function storeOn(address: string, topic: string, log = new CollectingLogger(), replicationFactor = 1): KafkaOffsetBackingStore {
  const props = { 'bootstrap.servers': address }
  return new KafkaOffsetBackingStore({
    topic,
    partitions: 5,
    replicationFactor,
    isTransactional: false,
    clients,
    adminProps: props,
    producerProps: props,
    consumerProps: { ...props, 'group.id': 'not-for-the-store' },
    log,
  })
}

async function startedStore(address: string, topic: string, log?: CollectingLogger): Promise<KafkaOffsetBackingStore> {
  const store = storeOn(address, topic, log)
  onTestFinished(() => store.stop())
  await store.start()
  return store
}

async function adminOf(address: string): Promise<Admin> {
  const admin = await clients.admin({ 'bootstrap.servers': address }, new CollectingLogger())
  onTestFinished(() => admin.close())
  return admin
}

async function valueOf(store: KafkaOffsetBackingStore): Promise<string | null> {
  const [value] = await store.get([Buffer.from(key)])
  return value?.toString() ?? null
}

describeWithKafka('KafkaOffsetBackingStore', (address) => {
  describe('contract', () => {
    offsetBackingStoreContract(() => {
      const topic = newTopic()
      return { open: () => storeOn(address, topic), survivesRestart: true }
    })
  })

  it('creates a compacted topic', async () => {
    const topic = newTopic()
    await startedStore(address, topic)
    const admin = await adminOf(address)
    expect((await admin.topicConfigs(topic)).get('cleanup.policy')).toBe('compact')
    expect((await admin.describeTopics([topic])).get(topic)).toMatchObject({ partitions: { length: 5 } })
  })

  it('writes the key and value bytes of Connect, and a tombstone for a reset', async () => {
    const topic = newTopic()
    const store = await startedStore(address, topic)
    await store.set([entry(key, '{"position":1}')])
    await store.set([entry(key, null)])
    const records = await kcat(address, ['-C', '-t', topic, '-e', '-q', '-f', '%k %S %s\\n'])
    expect(records.toString()).toBe(`${key} 14 {"position":1}\n${key} -1 \n`)
  })

  it('answers with what another worker wrote meanwhile', async () => {
    const topic = newTopic()
    const [one, other] = [await startedStore(address, topic), await startedStore(address, topic)]
    await one.set([entry(key, '{"position":1}')])
    expect(await valueOf(other)).toBe('{"position":1}')
    await other.set([entry(key, '{"position":2}')])
    expect(await valueOf(one)).toBe('{"position":2}')
  })

  it('reads a topic with many records to its end', async () => {
    const topic = newTopic()
    const store = await startedStore(address, topic)
    for (let round = 0; round < 20; round++) {
      await store.set(Array.from({ length: 500 }, (_, index) => entry(`["a",{"table":"t${index}"}]`, `{"id":${round}}`)))
    }
    const again = await startedStore(address, topic)
    const entries = await again.entries()
    expect(entries).toHaveLength(500)
    expect(new Set(entries.map(({ value }) => value?.toString()))).toEqual(new Set(['{"id":19}']))
  })

  it('refuses a topic that forgets old records, and says what to do', async () => {
    const topic = newTopic()
    const admin = await adminOf(address)
    await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1, configs: { 'cleanup.policy': 'delete' } }])
    const message = `Topic '${topic}' supplied via the 'offset.storage.topic' property is required to have 'cleanup.policy=compact'`
    await expect(startedStore(address, topic)).rejects.toThrow(message)
  })

  it('says which key to change when the cluster is too small for the replication factor', async () => {
    const store = storeOn(address, newTopic(), new CollectingLogger(), 3)
    onTestFinished(() => store.stop())
    await expect(store.start()).rejects.toThrow('Set offset.storage.replication.factor to at most the number of brokers')
  })

  it('waits for a broker that is down and goes on when it is back', async () => {
    const kafka = await privateKafka()
    const topic = newTopic()
    const store = await startedStore(kafka.address, topic)
    await store.set([entry(key, '{"position":1}')])
    await kafka.kill()
    const [written, read] = [store.set([entry(key, '{"position":2}')]), store.get([Buffer.from(key)])]
    await kafka.start()
    await written
    expect((await read)[0]).not.toBeNull()
    expect(await valueOf(store)).toBe('{"position":2}')
  })

  it('can be stopped while it waits for a broker', async () => {
    const kafka = await privateKafka()
    const store = await startedStore(kafka.address, newTopic())
    await kafka.kill()
    const read = store.get([Buffer.from(key)]).catch((error: unknown) => error)
    await store.stop()
    expect(await read).toBeInstanceOf(Error)
  })
})
