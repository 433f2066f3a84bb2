import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { ConsumerRecord, RecordHeader } from '../../src/kafka/ports.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { Standalone } from '../../src/standalone.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { scratchDir, until } from '../support/worker-process.ts'

interface Case {
  readonly name: string
  readonly config: Readonly<Record<string, string>>
  readonly records: readonly {
    key: string | null
    value: string | null
    headers: { key: string; value: string | null }[]
    timestamp: number
  }[]
  readonly want: {
    readonly deadLetters: readonly {
      offset: number
      timestamp: number
      key: { $bytes: string } | null
      value: { $bytes: string } | null
      headers: readonly { key: string; value: string | null; volatile?: boolean }[]
    }[]
    readonly file: string
    readonly taskState: 'RUNNING' | 'FAILED'
    readonly trace?: readonly string[]
  }
}

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../compat/error-headers.json'), 'utf8')) as { cases: Case[] }
const clients = createKafkaClients()
const bytes = (base64: string | null) => (base64 === null ? null : Buffer.from(base64, 'base64'))
let passed = 0

async function produce(address: string, topic: string, records: Case['records']): Promise<void> {
  const producer = await clients.producer({ 'bootstrap.servers': address, 'linger.ms': '0' }, silentLogger)
  for (const { key, value, headers, timestamp } of records) {
    const outcome = Promise.withResolvers<void>()
    const delivery = { delivered: () => outcome.resolve(), failed: outcome.reject }
    const sent: RecordHeader[] = headers.map((header) => ({ key: header.key, value: bytes(header.value) }))
    await producer.send({ topic, partition: 0, timestamp, key: bytes(key), value: bytes(value), headers: sent }, delivery)
    await outcome.promise
  }
  await producer.close()
}

async function contentOf(address: string, topic: string, count: number): Promise<ConsumerRecord[]> {
  const consumer = await clients.consumer({ 'bootstrap.servers': address, 'auto.offset.reset': 'earliest' }, silentLogger)
  consumer.assign([{ topic, partition: 0 }])
  const records: ConsumerRecord[] = []
  await until(async () => {
    for (const polled of await consumer.poll(200)) records.push(...polled.records)
    return records.length >= count
  })
  await consumer.close()
  return records
}

/** A worker with one file sink on a topic with these records. */
async function sinkOver(address: string, { config, records }: Pick<Case, 'config' | 'records'>) {
  const dir = await scratchDir()
  const topic = `dead-${randomUUID()}`
  await produce(address, topic, records)
  const converter = 'org.apache.kafka.connect.storage.StringConverter'
  const worker = {
    'bootstrap.servers': address,
    'key.converter': converter,
    'value.converter': converter,
    'offset.flush.interval.ms': '100',
    'task.restart.max.attempts': '0', // each life of a task has dead letters of its own
  }
  const standalone = await Standalone.create({
    props: { ...worker, 'offset.storage.file.filename': join(dir, 'offsets') },
    log: silentLogger,
  })
  await standalone.start()
  await standalone.herder.putConnectorConfig(topic, {
    name: topic,
    'connector.class': 'FileStreamSink',
    file: join(dir, 'out.txt'),
    topics: topic,
    'errors.deadletterqueue.topic.name': `${topic}-dlq`,
    'errors.deadletterqueue.topic.replication.factor': '1',
    ...config,
  })
  const stateOf = () => standalone.herder.connectorStatus(topic).tasks[0]
  const output = () => readFile(join(dir, 'out.txt'), 'utf8').catch(() => '')
  return { topic, standalone, stateOf, output }
}

describeWithKafka('the dead letter queue', (address) => {
  it.each(cases)('as recorded from Java Connect: $name', async (recorded) => {
    const { want } = recorded
    const { topic, standalone, stateOf, output } = await sinkOver(address, recorded)
    const letters = await contentOf(address, `${topic}-dlq`, want.deadLetters.length)
    await until(async () => stateOf()?.state === want.taskState && (await output()) === want.file)
    await standalone.stop()
    expect(letters.map(({ key, value, timestamp }) => ({ key, value, timestamp }))).toEqual(
      want.deadLetters.map(({ key, value, timestamp }) => ({
        key: bytes(key?.$bytes ?? null),
        value: bytes(value?.$bytes ?? null),
        timestamp,
      })),
    )
    for (const [index, letter] of letters.entries()) expectHeaders(letter.headers, want.deadLetters[index]!.headers, topic)
    passed++
  })

  it('commits nothing behind a record that the dead letter queue does not take, and fails the task saying so', async () => {
    const letter = 'x'.repeat(5000)
    const records = [{ key: null, value: Buffer.from(`{${letter}`).toString('base64'), headers: [], timestamp: 1 }]
    const { topic, standalone, stateOf } = await sinkOver(address, {
      records,
      config: {
        'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
        'errors.tolerance': 'all',
        'producer.override.max.request.size': '1000',
      },
    })
    await until(() => stateOf()?.state === 'FAILED')
    expect(stateOf()?.trace).toContain(
      `Could not write the record at topic ${topic}, partition 0, offset 0 to the dead letter queue topic ${topic}-dlq`,
    )
    await standalone.stop()
    const admin = await clients.admin({ 'bootstrap.servers': address }, silentLogger)
    expect(await admin.groupOffsets(`connect-${topic}`)).toEqual([])
    await admin.close()
  })

  it('fails the task with what to set when the topic cannot be created', async () => {
    const { standalone, stateOf } = await sinkOver(address, {
      records: [{ key: null, value: null, headers: [], timestamp: 1 }],
      config: { 'errors.tolerance': 'all', 'errors.deadletterqueue.topic.replication.factor': '3' },
    })
    await until(() => stateOf()?.state === 'FAILED')
    expect(stateOf()?.trace).toContain('Could not initialize dead letter queue with topic=')
    expect(stateOf()?.trace).toContain('errors.deadletterqueue.topic.replication.factor=3')
    await standalone.stop()
  })

  afterAll(() => console.log(`compat error-headers: ${passed} of ${cases.length}`))
})

function expectHeaders(
  got: readonly RecordHeader[],
  want: readonly { key: string; value: string | null; volatile?: boolean }[],
  topic: string,
): void {
  expect(got.map(({ key }) => key)).toEqual(want.map(({ key }) => key))
  for (const [index, { key, value, volatile }] of want.entries()) {
    const text = got[index]!.value?.toString() ?? null
    const wanted = value?.replaceAll('${topic}', topic) ?? null
    if (volatile === true) expect(text?.split('\n')[0], key).toBe(wanted?.split('\n')[0])
    else expect(text, key).toBe(wanted)
  }
}
