import { expect, test } from 'vitest'
import { newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import { inLog, startCluster } from './cluster.ts'

const IDEMPOTENT = { 'enable.idempotence': 'true', 'linger.ms': '0' }

test('K16 sequences run per partition from 0, under one producer id', async () => {
  const cluster = await startCluster({ topics: { t: 2 } })
  const { producer } = newProducer(cluster.bootstrapServers, IDEMPOTENT)
  for (let round = 0; round < 3; round++) {
    await sendAll(
      producer,
      [0, 0, 1].map((partition) => new TestRecord('t', 'v', { partition })),
    )
    await producer.flush()
  }

  expect(stamps(cluster, 0)).toEqual([
    [0, 0],
    [0, 2],
    [0, 4],
  ])
  expect(stamps(cluster, 1)).toEqual([
    [0, 0],
    [0, 1],
    [0, 2],
  ])
  expect(cluster.requestsOf('InitProducerId')).toHaveLength(1)
})

test('K16 an answer lost after the append: the repeated sequence gets the same offset and no second copy', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  cluster.once('Produce', { do: 'lose-answer' })
  const { producer } = newProducer(cluster.bootstrapServers, IDEMPOTENT)
  const record = new TestRecord('t', 'v')

  await sendAll(producer, [record])
  await producer.flush()

  expect(cluster.requestsOf('Produce')).toHaveLength(2)
  expect(record.delivery).toMatchObject({ offset: 0 })
  expect(inLog(cluster, 't')).toEqual(['v'])
})

test.each([45, 59, 47])(
  'K16 the broker no longer knows where the sequence was (%i): a new epoch or id, then everything in order',
  async (code) => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const { producer } = newProducer(cluster.bootstrapServers, { ...IDEMPOTENT, 'batch.size': '150' })
    const records = Array.from({ length: 100 }, (_, index) => new TestRecord('t', String(index)))
    await sendAll(producer, records.slice(0, 10))
    await producer.flush()
    let refusals = 0
    cluster.onRequest('Produce', () => (refusals++ < 5 ? { do: 'error', code } : undefined))

    await sendAll(producer, records.slice(10))
    await producer.flush()

    expect(inLog(cluster, 't')).toEqual(records.map(({ value }) => String(value)))
    expect(records.map(({ delivery }) => delivery?.offset)).toEqual(records.map((_, index) => index))
    expect(cluster.requestsOf('InitProducerId')).toHaveLength(code === 47 ? cluster.requestsOf('InitProducerId').length : 1)
  },
)

test('K16 a gap at the broker itself: its state of the producer is ahead of what it answers', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, IDEMPOTENT)
  const records = Array.from({ length: 6 }, (_, index) => new TestRecord('t', String(index)))
  await sendAll(producer, records.slice(0, 2))
  await producer.flush()
  // answered as a failure that is not one: the client counts these records as lost
  cluster.once('Produce', { do: 'error', code: 87 })
  await sendAll(producer, [records[2]!])
  await producer.flush()
  expect(records[2]!.failure?.code).toBe('INVALID_RECORD')

  await sendAll(producer, records.slice(3))
  await producer.flush()

  expect(inLog(cluster, 't')).toEqual(['0', '1', '3', '4', '5'])
  expect(stamps(cluster, 0).at(-1)?.[0]).toBe(1)
})

test('K16 DUPLICATE_SEQUENCE is success at an unknown offset', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  cluster.once('Produce', { do: 'error', code: 46 })
  const { producer } = newProducer(cluster.bootstrapServers, IDEMPOTENT)
  const record = new TestRecord('t', 'v', { timestamp: 3 })

  await sendAll(producer, [record])
  await producer.flush()

  expect(record.delivery).toEqual({ partition: 0, offset: -1, timestamp: 3 })
})

test('K16 an earlier batch is refused while later ones are on their way: all arrive in order, nothing twice', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  cluster.once('Produce', { do: 'error', code: 19 })
  const { producer } = newProducer(cluster.bootstrapServers, { ...IDEMPOTENT, 'batch.size': '150' })
  const records = Array.from({ length: 60 }, (_, index) => new TestRecord('t', String(index)))

  await sendAll(producer, records)
  await producer.flush()

  expect(inLog(cluster, 't')).toEqual(records.map(({ value }) => String(value)))
  expect(new Set(stamps(cluster, 0).map(([epoch]) => epoch))).toEqual(new Set([0]))
})

test('K16 a producer id that is not to be had for a while delays, and one that is refused ends the producer', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  cluster.once('InitProducerId', { do: 'error', code: 14 })
  const patient = newProducer(cluster.bootstrapServers, IDEMPOTENT).producer
  const record = new TestRecord('t', 'v')
  await sendAll(patient, [record])
  await patient.flush()
  expect(record.delivery).toMatchObject({ offset: 0 })

  cluster.onRequest('InitProducerId', () => ({ do: 'error', code: 31 }))
  const refused = newProducer(cluster.bootstrapServers, IDEMPOTENT).producer
  const unsent = new TestRecord('t', 'v')
  await sendAll(refused, [unsent])
  await refused.flush()
  expect(unsent.failure?.code).toBe('CLUSTER_AUTHORIZATION_FAILED')
  expect(() => refused.send(unsent, unsent)).toThrow(unsent.failure!.message)
})

function stamps(cluster: ScriptedCluster, partition: number): [epoch: number, sequence: number][] {
  return cluster.log('t', partition).batches.map(({ header }) => [header.producerEpoch, header.baseSequence])
}
