import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkajsTransport } from '../../src/kafka/kafkajs/transport.ts'
import { fetch } from '../../src/kafka/protocol/fetch.ts'
import { produce } from '../../src/kafka/protocol/produce.ts'
import { COMPRESSION_TYPES } from '../../src/kafka/record/compression-type.ts'
import { PartitionCursor } from '../../src/kafka/record/partition-cursor.ts'
import type { FetchedRecord } from '../../src/kafka/record/fetched-record.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { batchOf, type PlainRecord, record } from '../support/record-batches.ts'
import { withAdmin } from '../support/kafka-records.ts'
import { javaTool } from '../support/services/java-tools.ts'
import { kcat } from '../support/services/kcat.ts'
import { describeWithKafka } from '../support/services/suite.ts'

/** UNKNOWN_TOPIC_OR_PARTITION and NOT_LEADER_OR_FOLLOWER: what a topic just created may be answered with. */
const NOT_THERE_YET = [3, 6]
const T = 1_700_000_000_000

/** Everything a record can be, and enough of it that compression has something to do. */
const shapes: readonly PlainRecord[] = [
  record('value', {
    timestamp: T,
    key: Buffer.from('key'),
    headers: [
      { key: 'b', value: Buffer.from('1') },
      { key: 'a', value: null },
      { key: 'b', value: Buffer.alloc(0) },
      { key: 'ключ', value: Buffer.from('значение') },
    ],
  }),
  record('earlier', { timestamp: T - 100_000 }),
  record('epoch', { timestamp: 0, key: Buffer.alloc(0) }),
  record(null, { timestamp: T + 2 ** 33, key: Buffer.from('tombstone') }),
  ...Array.from({ length: 2000 }, (_, index) => record(`line ${index} ${'x'.repeat(index % 300)}`, { timestamp: T + index })),
]
describeWithKafka('record batches on Apache Kafka', (address) => {
  let transport: KafkajsTransport

  beforeAll(() => {
    transport = transportTo(address)
  })
  afterAll(() => transport.close())

  test.each(COMPRESSION_TYPES)('K12 K13 kcat and the Java consumer read what we wrote with %s', async (type) => {
    const topic = await newTopic()
    await write(topic, batchOf(shapes, { compression: { type } }))

    const format = ['-f', '%T|%K|%S|%s|%h\n']
    const byKcat = await kcat(address, ['-C', '-t', topic, '-p', '0', '-e', '-q', '-X', 'check.crcs=true', ...format])
    expect(String(byKcat).trimEnd().split('\n')).toEqual(shapes.map(asKcatPrints))

    const printed = ['timestamp', 'key', 'value', 'headers'].flatMap((part) => ['--formatter-property', `print.${part}=true`])
    const separators = ['key.separator=|', 'headers.separator=,', 'null.literal=NULL'].flatMap((property) => [
      '--formatter-property',
      property,
    ])
    const from = ['--bootstrap-server', address, '--topic', topic, '--partition', '0', '--offset', '0']
    const byJava = await javaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      ...[...from, '--max-messages', String(shapes.length), ...printed, ...separators],
    ])
    expect(byJava.trimEnd().split('\n')).toEqual(shapes.map(asJavaPrints))
    expect((await readAll(topic)).map(asText)).toEqual(shapes.map(asText))
  })

  test.each(COMPRESSION_TYPES)('K13 we read what kcat wrote with %s', async (type) => {
    const topic = await newTopic()
    const lines = Array.from({ length: 3000 }, (_, index) => `key-${index}:value ${index} ${'y'.repeat(index % 200)}`)
    const headers = ['-H', 'b=1', '-H', 'a', '-H', 'b=2', '-H', 'ключ=значение']
    await kcat(address, ['-P', '-t', topic, '-p', '0', '-K:', '-z', type, ...headers], lines.join('\n'))

    const read = await readAll(topic)
    expect(read.map(({ key, value }) => `${String(key)}:${String(value)}`)).toEqual(lines)
    expect(read.map(({ offset }) => offset)).toEqual(lines.map((_, index) => index))
    expect(asText(read.at(-1)!)).toMatch(/\|b:1,a:NULL,b:2,ключ:значение$/)
  })

  test.each(COMPRESSION_TYPES)('K13 we read what the Java producer wrote with %s', async (type) => {
    const topic = await newTopic()
    const lines = Array.from({ length: 3000 }, (_, index) => `b:1,b:${index}|key-${index}|value ${index} ${'z'.repeat(index % 200)}`)
    lines.push('b:1|NULL|no key', 'b:1|tombstone|NULL')
    const reader = ['parse.headers=true', 'parse.key=true', 'null.marker=NULL', 'key.separator=|', 'headers.delimiter=|']
    const args = ['--bootstrap-server', address, '--topic', topic, '--compression-codec', type]
    const readerArgs = reader.flatMap((property) => ['--reader-property', property])
    await javaTool('org.apache.kafka.tools.ConsoleProducer', [...args, ...readerArgs], `${lines.join('\n')}\n`)

    const read = (await readAll(topic)).map((each) => {
      const [, key, value, headers] = asText(each).split('|')
      return `${headers}|${key}|${value}`
    })
    expect(read).toEqual(lines)
  })

  test('K23 a LogAppendTime topic gives its own time to every record', async () => {
    const topic = await newTopic({ 'message.timestamp.type': 'LogAppendTime' })
    const before = Date.now()
    const logAppendTime = await write(topic, batchOf(shapes.slice(0, 10)))

    const read = await readAll(topic)
    expect(new Set(read.map(({ timestamp }) => timestamp))).toEqual(new Set([logAppendTime]))
    expect(new Set(read.map(({ timestampType }) => timestampType))).toEqual(new Set(['LogAppendTime']))
    expect(logAppendTime).toBeGreaterThanOrEqual(before - 1000)
  })

  /** With one partition. */
  async function newTopic(configs: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = `record-batch-${randomUUID()}`
    const created = await withAdmin(address, (admin) => admin.createTopics([{ name, partitions: 1, replicationFactor: 1, configs }]))
    expect(created.get(name)).toBe('created')
    return name
  }

  /** @returns the broker's time for the batch; -1 when the topic keeps ours */
  async function write(topic: string, batch: Buffer): Promise<number> {
    const request = produce({
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      zstd: true,
      partitions: [{ topic, partition: 0, batch }],
    })
    let answer = await transport.send('any', 'produce', request)
    while (NOT_THERE_YET.includes(answer.partitions[0]!.error)) {
      await sleep(50)
      answer = await transport.send('any', 'produce', request)
    }
    expect(answer.partitions).toMatchObject([{ error: 0, baseOffset: 0 }])
    return answer.partitions[0]!.logAppendTime
  }

  async function readAll(topic: string): Promise<FetchedRecord[]> {
    const records: FetchedRecord[] = []
    for (let offset = 0, end = 1; offset < end;) {
      const partitions = [{ topic, partition: 0, offset, leaderEpoch: -1, maxBytes: 100_000 }]
      const limits = { maxWaitMs: 500, minBytes: 1, maxBytes: 1_000_000, rack: '' }
      const answer = await transport.send('any', 'fetch', fetch({ ...limits, isolation: 'read_uncommitted', partitions }))
      const fetched = answer.partitions[0]!
      expect(fetched.error).toBe(0)
      const { buffer, start, end: endOfRecords } = fetched.records
      const cursor = new PartitionCursor(buffer, start, endOfRecords, { topic, partition: 0, fetchOffset: offset })
      while (!cursor.isDrained) records.push(...cursor.take(500))
      offset = cursor.nextOffset
      end = fetched.highWatermark
    }
    return records
  }
})

function asText({ timestamp, key, value, headers }: PlainRecord): string {
  const pairs = headers.map((header) => `${header.key}:${header.value?.toString() ?? 'NULL'}`)
  return [timestamp, key ?? 'NULL', value ?? 'NULL', pairs.join(',')].join('|')
}

function asKcatPrints({ timestamp, key, value, headers }: PlainRecord): string {
  const pairs = headers.map((header) => `${header.key}=${header.value?.toString() ?? 'NULL'}`)
  return [timestamp, key?.length ?? -1, value?.length ?? -1, value ?? '', pairs.join(',')].join('|')
}

function asJavaPrints({ timestamp, key, value, headers }: PlainRecord): string {
  const pairs = headers.map((header) => `${header.key}:${header.value?.toString() ?? 'NULL'}`)
  return [`CreateTime:${timestamp}`, pairs.join(',') || 'NO_HEADERS', key ?? 'NULL', value ?? 'NULL'].join('|')
}

function transportTo(address: string): KafkajsTransport {
  const [host = '', port] = address.split(':')
  return new KafkajsTransport({
    bootstrapServers: [{ host, port: Number(port) }],
    clientId: 'record-batch-test',
    requestTimeoutMs: 30_000,
    connectTimeoutMs: 5000,
    connectTimeoutMaxMs: 5000,
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 1000,
    maxIdleMs: 540_000,
    tls: null,
    sasl: null,
    log: new CollectingLogger(),
  })
}
