import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { Standalone } from '../../src/standalone.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { scratchDir, until } from '../support/worker-process.ts'

const clients = createKafkaClients()

async function source(address: string, connector: Record<string, string>, worker: Record<string, string> = {}) {
  const dir = await scratchDir()
  const topic = `created-${randomUUID()}`
  await writeFile(join(dir, 'in.txt'), 'one\n')
  const converter = 'org.apache.kafka.connect.storage.StringConverter'
  const props = {
    'bootstrap.servers': address,
    'key.converter': converter,
    'value.converter': converter,
    'offset.storage.class': 'MemoryOffsetBackingStore',
  }
  const standalone = await Standalone.create({ props: { ...props, ...worker }, log: silentLogger })
  await standalone.start()
  onTestFinished(() => standalone.stop())
  const config = { name: topic, 'connector.class': 'FileStreamSource', file: join(dir, 'in.txt'), topic, ...connector }
  await standalone.herder.putConnectorConfig(topic, config)
  const admin = await clients.admin({ 'bootstrap.servers': address }, silentLogger)
  onTestFinished(() => admin.close())
  const written = async () => (await admin.listOffsets([{ topic, partition: 0, spec: 'latest' }]).catch(() => [0]))[0] === 1
  return { topic, admin, written, stateOf: () => standalone.herder.connectorStatus(topic).tasks[0] }
}

describeWithKafka('topic.creation.*', (address) => {
  it('creates the topic of the first matching group, with its partitions and configuration, before the first record', async () => {
    const { topic, admin, written } = await source(address, {
      'topic.creation.groups': 'other,short',
      'topic.creation.default.partitions': '1',
      'topic.creation.default.replication.factor': '-1',
      'topic.creation.other.include': 'nothing.*',
      'topic.creation.short.include': 'created-.*',
      'topic.creation.short.partitions': '1',
      'topic.creation.short.retention.ms': '3600000',
    })
    await until(written)
    expect((await admin.topicConfigs(topic)).get('retention.ms')).toBe('3600000')
  })

  it('takes the default group where no other matches, or one excludes the topic', async () => {
    const { topic, admin } = await source(address, {
      'topic.creation.groups': 'three',
      'topic.creation.default.partitions': '2',
      'topic.creation.default.replication.factor': '1',
      'topic.creation.three.include': '.*',
      'topic.creation.three.exclude': 'created-.*',
      'topic.creation.three.partitions': '3',
    })
    await until(async () => {
      const described = (await admin.describeTopics([topic])).get(topic)
      return described !== undefined && 'partitions' in described && described.partitions.length === 2
    })
  })

  it('fails the task, naming the keys, when the broker refuses the settings', async () => {
    const { stateOf } = await source(address, {
      'topic.creation.default.partitions': '1',
      'topic.creation.default.replication.factor': '5',
    })
    await until(() => stateOf()?.state === 'FAILED')
    expect(stateOf()?.trace).toContain('settings of topic.creation.default')
  })

  it('does nothing when the worker says topic.creation.enable=false', async () => {
    const { topic, admin, written } = await source(
      address,
      { 'topic.creation.default.partitions': '4', 'topic.creation.default.replication.factor': '1' },
      { 'topic.creation.enable': 'false' },
    )
    await until(written)
    const described = (await admin.describeTopics([topic])).get(topic)
    expect(described !== undefined && 'partitions' in described && described.partitions.length).toBe(1)
  })
})
