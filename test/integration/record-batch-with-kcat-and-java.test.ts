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

const NOT_LEADER = 6
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
  const topic = `record-batch-${randomUUID()}`
  let transport: KafkajsTransport

  beforeAll(async () => {
    await createTopic(topic, 15)
    transport = transportTo(address)
  })
  afterAll(() => transport.close())

  test.each(COMPRESSION_TYPES)('K12 K13 kcat and the Java consumer read what we wrote with %s', async (type) => {
    const partition = COMPRESSION_TYPES.indexOf(type)
    await write(topic, partition, batchOf(shapes, { compression: { type } }))

    const format = ['-f', '%T|%K|%S|%s|%h\n']
    const byKcat = await kcat(address, ['-C', '-t', topic, '-p', String(partition), '-e', '-q', '-X', 'check.crcs=true', ...format])
    expect(String(byKcat).trimEnd().split('\n')).toEqual(shapes.map(asKcatPrints))

    const printed = ['timestamp', 'key', 'value', 'headers'].flatMap((part) => ['--formatter-property', `print.${part}=true`])
    const separators = ['key.separator=|', 'headers.separator=,', 'null.literal=NULL'].flatMap((property) => [
      '--formatter-property',
      property,
    ])
    const from = ['--bootstrap-server', address, '--topic', topic, '--partition', String(partition), '--offset', '0']
    const byJava = await javaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      ...[...from, '--max-messages', String(shapes.length), ...printed, ...separators],
    ])
    expect(byJava.trimEnd().split('\n')).toEqual(shapes.map(asJavaPrints))
    expect((await readAll(topic, partition)).map(asText)).toEqual(shapes.map(asText))
  })

  test.each(COMPRESSION_TYPES)('K13 we read what kcat wrote with %s', async (type) => {
    const partition = 5 + COMPRESSION_TYPES.indexOf(type)
    const lines = Array.from({ length: 3000 }, (_, index) => `key-${index}:value ${index} ${'y'.repeat(index % 200)}`)
    const headers = ['-H', 'b=1', '-H', 'a', '-H', 'b=2', '-H', 'ключ=значение']
    await kcat(address, ['-P', '-t', topic, '-p', String(partition), '-K:', '-z', type, ...headers], lines.join('\n'))

    const read = await readAll(topic, partition)
    expect(read.map(({ key, value }) => `${String(key)}:${String(value)}`)).toEqual(lines)
    expect(read.map(({ offset }) => offset)).toEqual(lines.map((_, index) => index))
    expect(asText(read.at(-1)!)).toMatch(/\|b:1,a:NULL,b:2,ключ:значение$/)
  })

  test.each(COMPRESSION_TYPES)('K13 we read what the Java producer wrote with %s', async (type) => {
    const name = `${topic}-java-${type}`
    await createTopic(name, 1)
    const lines = Array.from({ length: 3000 }, (_, index) => `b:1,b:${index}|key-${index}|value ${index} ${'z'.repeat(index % 200)}`)
    lines.push('b:1|NULL|no key', 'b:1|tombstone|NULL')
    const reader = ['parse.headers=true', 'parse.key=true', 'null.marker=NULL', 'key.separator=|', 'headers.delimiter=|']
    const args = ['--bootstrap-server', address, '--topic', name, '--compression-codec', type]
    const readerArgs = reader.flatMap((property) => ['--reader-property', property])
    await javaTool('org.apache.kafka.tools.ConsoleProducer', [...args, ...readerArgs], `${lines.join('\n')}\n`)

    const read = (await readAll(name, 0)).map((each) => {
      const [, key, value, headers] = asText(each).split('|')
      return `${headers}|${key}|${value}`
    })
    expect(read).toEqual(lines)
  })

  test('K23 a LogAppendTime topic gives its own time to every record', async () => {
    const name = `${topic}-log-append-time`
    await createTopic(name, 1, { 'message.timestamp.type': 'LogAppendTime' })
    const before = Date.now()
    const logAppendTime = await write(name, 0, batchOf(shapes.slice(0, 10)))

    const read = await readAll(name, 0)
    expect(new Set(read.map(({ timestamp }) => timestamp))).toEqual(new Set([logAppendTime]))
    expect(new Set(read.map(({ timestampType }) => timestampType))).toEqual(new Set(['LogAppendTime']))
    expect(logAppendTime).toBeGreaterThanOrEqual(before - 1000)
  })

  async function createTopic(name: string, partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const created = await withAdmin(address, (admin) => admin.createTopics([{ name, partitions, replicationFactor: 1, configs }]))
    expect(created.get(name)).toBe('created')
  }

  /** @returns the broker's time for the batch; -1 when the topic keeps ours */
  async function write(name: string, partition: number, batch: Buffer): Promise<number> {
    const request = produce({
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      zstd: true,
      partitions: [{ topic: name, partition, batch }],
    })
    let answer = await transport.send('any', 'produce', request)
    // a topic just created may have no leader yet
    while (answer.partitions[0]?.error === NOT_LEADER) {
      await sleep(50)
      answer = await transport.send('any', 'produce', request)
    }
    expect(answer.partitions).toMatchObject([{ error: 0, baseOffset: 0 }])
    return answer.partitions[0]!.logAppendTime
  }

  async function readAll(name: string, partition: number): Promise<FetchedRecord[]> {
    const records: FetchedRecord[] = []
    for (let offset = 0, end = 1; offset < end;) {
      const partitions = [{ topic: name, partition, offset, leaderEpoch: -1, maxBytes: 100_000 }]
      const limits = { maxWaitMs: 500, minBytes: 1, maxBytes: 1_000_000, rack: '' }
      const answer = await transport.send('any', 'fetch', fetch({ ...limits, isolation: 'read_uncommitted', partitions }))
      const fetched = answer.partitions[0]!
      expect(fetched.error).toBe(0)
      const { buffer, start, end: endOfRecords } = fetched.records
      const cursor = new PartitionCursor(buffer, start, endOfRecords, { topic: name, partition, fetchOffset: offset })
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
