import { expect, test } from 'vitest'
import type { ProduceResponse } from '../../../../src/kafka/protocol/produce.ts'
import { aroundProduce, CONNECT_PRESET, newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import { inLog, outOfOrder, startCluster } from './cluster.ts'

test.each([
  ['without idempotence', CONNECT_PRESET],
  ['with idempotence', { 'enable.idempotence': 'true' }],
])('K7 %s: a batch of 8 that the broker calls too large is split until it fits, in order', async (_, props) => {
  const cluster = await startCluster({ topics: { t: 1 }, maxMessageBytes: 400 })
  const { producer, log } = newProducer(cluster.bootstrapServers, props)
  const records = Array.from(
    { length: 8 },
    (_, index) => new TestRecord('t', String(index).padStart(100, '0'), { timestamp: 1000 + index }),
  )

  await sendAll(producer, records)
  await producer.flush()

  expect(records.map(({ delivery }) => delivery)).toEqual(
    records.map((_, index) => ({ partition: 0, offset: index, timestamp: 1000 + index })),
  )
  expect(inLog(cluster, 't')).toEqual(records.map(({ value }) => String(value)))
  expect(cluster.records('t', 0).map(({ timestamp }) => timestamp)).toEqual(records.map(({ timestamp }) => timestamp))
  expect(log.lines.filter((line) => line.includes('as too large'))).not.toEqual([])

  // the limit is remembered: the next batches of the topic fit at once
  const refused = cluster.requestsOf('Produce').length
  const more = Array.from({ length: 8 }, () => new TestRecord('t', 'x'.repeat(100)))
  await sendAll(producer, more)
  await producer.flush()
  expect(cluster.requestsOf('Produce').length - refused).toBe(Math.ceil(8 / 2))
})

test('K7 a compressed batch is split too', async () => {
  const cluster = await startCluster({ topics: { t: 1 }, maxMessageBytes: 3000 })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'compression.type': 'gzip' })
  const records = Array.from(
    { length: 50 },
    (_, index) => new TestRecord('t', noise(index), { headers: [{ key: 'h', value: Buffer.from('v') }] }),
  )

  await sendAll(producer, records)
  await producer.flush()

  expect(records.filter(({ delivery }) => delivery === null)).toEqual([])
  expect(inLog(cluster, 't')).toEqual(records.map(({ value }) => String(value)))
  expect(cluster.records('t', 0)[7]?.headers).toEqual([['h', 'v']])
})

test('K7 one record that is too large for the broker fails alone; its neighbours arrive', async () => {
  const cluster = await startCluster({ topics: { t: 1 }, maxMessageBytes: 1000 })
  const { producer } = newProducer(cluster.bootstrapServers, { 'enable.idempotence': 'true' })
  const records = Array.from({ length: 9 }, (_, index) => new TestRecord('t', index === 4 ? 'x'.repeat(2000) : String(index)))

  await sendAll(producer, records)
  await producer.flush()

  expect(records[4]?.failure?.code).toBe('MESSAGE_TOO_LARGE')
  expect(records.filter(({ failure }) => failure !== null)).toHaveLength(1)
  expect(inLog(cluster, 't')).toEqual(['0', '1', '2', '3', '5', '6', '7', '8'])
  expect(outOfOrder(cluster, 't')).toEqual([])
})

test('K7 a flush waits for both parts of a split batch', async () => {
  const cluster = await startCluster({ topics: { t: 1 }, maxMessageBytes: 300 })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'linger.ms': '10000' })
  const records = Array.from({ length: 4 }, () => new TestRecord('t', 'x'.repeat(150)))
  await sendAll(producer, records)

  await producer.flush()

  expect(records.every(({ delivery }) => delivery !== null)).toBe(true)
})

test("K8 a record above max.request.size fails inside send with Java's sentence, and the producer goes on", async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'max.request.size': '1000' })
  await producer.partitionsFor('t')
  const [large, small] = [new TestRecord('t', 'x'.repeat(1000), { headers: [{ key: 'h', value: null }] }), new TestRecord('t', 'small')]

  expect(producer.send(large, large)).toBeUndefined()
  // 61 batch header + 21 record overhead + 1 key length + 2 + 1000 value + 1 header count + 2 header key + 1 header value
  expect(large.failure).toMatchObject({
    javaName: 'org.apache.kafka.common.errors.RecordTooLargeException',
    message:
      'The message is 1089 bytes when serialized which is larger than 1000, which is the value of the max.request.size configuration.',
  })
  await sendAll(producer, [small])
  await producer.flush()

  expect(small.delivery).toMatchObject({ offset: 0 })
})

test('K8 the same for the first record of a topic, whose send has to wait, and for buffer.memory', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'buffer.memory': '500' })
  const large = new TestRecord('t', 'x'.repeat(600))

  await producer.send(large, large)

  expect(large.failure?.message).toBe(
    'The message is 686 bytes when serialized which is larger than the total memory buffer you have configured with the buffer.memory configuration.',
  )
})

test('records the broker refuses by index fail with its reason, their neighbours with the sentence of Java', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const recordErrors = [
    { batchIndex: 1, message: 'no key' },
    { batchIndex: 2, message: null },
  ]
  const refusing = aroundProduce(async (send) => {
    const answer = await send()
    const { partitions, ...rest } = answer as ProduceResponse
    const refused = partitions.map((partition) => ({ ...partition, error: 87, errorMessage: 'some are invalid', recordErrors }))
    return { ...rest, partitions: refused } as typeof answer
  })
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET, { transport: refusing })
  const records = Array.from({ length: 3 }, () => new TestRecord('t', 'v'))

  await sendAll(producer, records)
  await producer.flush()

  expect(records.map(({ failure }) => [failure?.javaName, failure?.message])).toEqual([
    [
      'org.apache.kafka.common.KafkaException',
      'Failed to append record because it was part of a batch which had one more more invalid records',
    ],
    ['org.apache.kafka.common.InvalidRecordException', 'no key'],
    ['org.apache.kafka.common.InvalidRecordException', 'some are invalid'],
  ])
})

/** 100 characters gzip can do little about. */
function noise(seed: number): string {
  let state = seed + 1
  return Array.from({ length: 100 }, () => {
    state = Math.imul(state, 1664525) + 1013904223
    return String.fromCharCode(33 + ((state >>> 16) % 90))
  }).join('')
}
