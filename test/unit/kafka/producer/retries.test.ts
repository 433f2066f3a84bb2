import { expect, test } from 'vitest'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import type { Action } from '../../../support/scripted-broker/script.ts'
import { CONNECT_PRESET, newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import { inLog, outOfOrder, startCluster } from './cluster.ts'

const IDEMPOTENT = { 'enable.idempotence': 'true' }

test.each([
  ['with idempotence', IDEMPOTENT],
  ['without idempotence', CONNECT_PRESET],
])(
  'K1 %s: one of two brokers answers NOT_ENOUGH_REPLICAS, and 1,003 records without a key are each in the log once, in order',
  async (_, props) => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 4 } })
    cluster.once('Produce', { do: 'error', code: 19 }, ({ node }) => node === 2)
    const { producer } = newProducer(cluster.bootstrapServers, { ...props, 'batch.size': '1000' })
    const records = Array.from({ length: 1003 }, (_, index) => new TestRecord('t', String(index)))

    await sendAll(producer, records)
    await producer.flush()

    expect(inLog(cluster, 't').sort(byNumber)).toEqual(records.map(({ value }) => String(value)))
    expectDeliveredInOrder(cluster, records)
  },
)

const failures: [string, Action, boolean][] = [
  ['NOT_LEADER_OR_FOLLOWER', { do: 'error', code: 6 }, false],
  ['UNKNOWN_TOPIC_OR_PARTITION', { do: 'error', code: 3 }, false],
  ['REQUEST_TIMED_OUT', { do: 'error', code: 7 }, false],
  ['CORRUPT_MESSAGE (K15)', { do: 'error', code: 2 }, false],
  ['a connection cut before the answer', { do: 'cut' }, false],
  ['an answer lost after the append', { do: 'lose-answer' }, true],
  ['a broker that is silent until the request times out', { do: 'silence' }, false],
  ['a broker that appends and is silent', { do: 'silence', handle: true }, true],
]

test.each(failures)('K2 %s: nothing is lost, and with idempotence nothing is there twice', async (_, action) => {
  const cluster = await startCluster({ nodes: 2, topics: { t: 4 } })
  for (let times = 0; times < 3; times++) cluster.once('Produce', action, ({ node }) => node === 2)
  const { producer } = newProducer(cluster.bootstrapServers, { ...IDEMPOTENT, 'batch.size': '1000', 'request.timeout.ms': '1000' })
  const records = Array.from({ length: 1003 }, (_, index) => new TestRecord('t', String(index)))

  await sendAll(producer, records)
  await producer.flush()

  expect(inLog(cluster, 't').sort(byNumber)).toEqual(records.map(({ value }) => String(value)))
  expectDeliveredInOrder(cluster, records)
})

test.each(failures)(
  'K2 %s: without idempotence nothing is lost, and what the broker had not appended is there once',
  async (_, action, repeats) => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 4 } })
    cluster.once('Produce', action, ({ node }) => node === 2)
    const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'batch.size': '1000', 'request.timeout.ms': '1000' })
    const records = Array.from({ length: 1003 }, (_, index) => new TestRecord('t', String(index)))

    await sendAll(producer, records)
    await producer.flush()

    const values = inLog(cluster, 't')
    expect([...new Set(values)].sort(byNumber)).toEqual(records.map(({ value }) => String(value)))
    expect(values.length > records.length).toBe(repeats)
    expect(records.every(({ told, failure }) => told === 1 && failure === null)).toBe(true)
  },
)

test('K3 a leader moves while records are produced: its partition follows, the others never fail, order is kept', async () => {
  const cluster = await startCluster({ nodes: 2, topics: { t: 2 } })
  const { producer, log } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const records = Array.from({ length: 400 }, (_, index) => new TestRecord('t', String(index), { partition: index % 2 }))

  for (const [index, record] of records.entries()) {
    await producer.send(record, record)
    if (index % 100 === 50) cluster.setLeader('t', 0, index % 200 === 50 ? 2 : 1)
    if (index % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await producer.flush()

  expect(inLog(cluster, 't').sort(byNumber)).toEqual(records.map(({ value }) => String(value)))
  expect(outOfOrder(cluster, 't')).toEqual([])
  expect(log.lines.filter((line) => line.includes('t-1'))).toEqual([])
  expectDeliveredInOrder(cluster, records)
})

test('K3 a partition without a leader waits; the others go on', async () => {
  const cluster = await startCluster({ topics: { t: 2 } })
  cluster.setLeader('t', 0, -1)
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const [waits, goes] = [new TestRecord('t', 'waits', { partition: 0 }), new TestRecord('t', 'goes', { partition: 1 })]

  await sendAll(producer, [waits, goes])
  await goes.outcome.promise
  expect(waits.told).toBe(0)
  cluster.setLeader('t', 0, 1)
  await waits.outcome.promise

  expect(waits.delivery).toMatchObject({ partition: 0, offset: 0 })
})

test('K6 one request in flight, no idempotence, failing attempts: the log has the order of send', async () => {
  const cluster = await startCluster({ topics: { t: 3 } })
  failEvery(cluster, 3)
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'batch.size': '200', 'linger.ms': '0' })
  const records = Array.from({ length: 500 }, (_, index) => new TestRecord('t', String(index), { key: String(index % 7) }))

  await sendAll(producer, records)
  await producer.flush()

  expect(inLog(cluster, 't')).toHaveLength(500)
  expectDeliveredInOrder(cluster, records)
})

test('K6 five requests in flight with idempotence, failing attempts and cut connections: the log has the order of send, nothing twice', async () => {
  const cluster = await startCluster({ nodes: 2, topics: { t: 3 } })
  failEvery(cluster, 3)
  let count = 0
  cluster.onRequest('Produce', () => (++count % 7 === 0 ? { do: count % 2 === 0 ? 'cut' : 'lose-answer' } : undefined))
  const { producer } = newProducer(cluster.bootstrapServers, { ...IDEMPOTENT, 'batch.size': '200', 'linger.ms': '0' })
  const records = Array.from({ length: 1000 }, (_, index) => new TestRecord('t', String(index), { key: String(index % 7) }))

  await sendAll(producer, records)
  await producer.flush()

  expect(maxInFlight(cluster)).toBeGreaterThan(1)
  expect(inLog(cluster, 't').sort(byNumber)).toEqual(records.map(({ value }) => String(value)))
  expectDeliveredInOrder(cluster, records)
})

test('retries that are used up fail the batch with the error of the last attempt, and later ones go on', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  for (let times = 0; times < 3; times++) cluster.once('Produce', { do: 'error', code: 19 })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, retries: '2' })
  const [first, second] = [new TestRecord('t', 'first'), new TestRecord('t', 'second')]

  await sendAll(producer, [first])
  await producer.flush()
  await sendAll(producer, [second])
  await producer.flush()

  expect(first.failure?.code).toBe('NOT_ENOUGH_REPLICAS')
  expect(second.delivery?.offset).toBe(0)
  expect(cluster.requestsOf('Produce')).toHaveLength(4)
})

test('an error that trying again does not heal fails the batch at once', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  cluster.once('Produce', { do: 'error', code: 29 })
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const record = new TestRecord('t', 'refused')

  await sendAll(producer, [record])
  await producer.flush()

  expect(record.failure).toMatchObject({ auth: true, message: 'Not authorized to access topics: [t]' })
})

test('a broker that is down is reported once, and once when it is back', async () => {
  const cluster = await startCluster({ topics: { t: 2 } })
  const { producer, log } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const records = Array.from({ length: 2 }, (_, partition) => new TestRecord('t', 'v', { partition }))
  await producer.partitionsFor('t')
  for (let times = 0; times < 5; times++) cluster.once('Produce', { do: 'cut' })

  await sendAll(producer, records)
  await producer.flush()

  expect(log.lines.filter((line) => line.startsWith('WARN Broker 1 does not take records, trying again:'))).toHaveLength(1)
  expect(log.lines.filter((line) => line === 'INFO Broker 1 takes records again')).toHaveLength(1)
})

/** Refuses every nth attempt of a partition. */
function failEvery(cluster: ScriptedCluster, nth: number): void {
  const attempts = new Map<number, number>()
  cluster.onRequest('Produce', ({ request }) => {
    const refused = new Set<number>()
    for (const { partition } of request.partitions) {
      const count = (attempts.get(partition) ?? 0) + 1
      attempts.set(partition, count)
      if (count % nth === 1) refused.add(partition)
    }
    return refused.size === 0 ? undefined : { do: 'error', code: 19, where: (_, partition) => refused.has(partition) }
  })
}

function maxInFlight(cluster: ScriptedCluster): number {
  const requests = cluster.requestsOf('Produce')
  return Math.max(
    ...requests.map(
      ({ at, connection }) => requests.filter((other) => other.connection === connection && Math.abs(other.at - at) < 2).length,
    ),
  )
}

/** Every record was told once that it is where it is, and each partition has them in the order of send. */
function expectDeliveredInOrder(cluster: ScriptedCluster, records: readonly TestRecord[]): void {
  const wrong = records.filter(({ told, failure }) => told !== 1 || failure !== null)
  expect(wrong.map(({ value, told, failure }) => [String(value), told, failure?.message])).toEqual([])
  for (const record of records) {
    const { partition, offset } = record.delivery!
    expect(cluster.records(record.topic, partition)[offset]?.value).toBe(String(record.value))
  }
  expect(outOfOrder(cluster, 't')).toEqual([])
}

function byNumber(one: string, other: string): number {
  return Number(one) - Number(other)
}
