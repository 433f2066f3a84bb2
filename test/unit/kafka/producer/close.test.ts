import { expect, test } from 'vitest'
import { CONNECT_PRESET, newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import { startCluster } from './cluster.ts'

test('flush sends what lingers and waits for it, not for what comes after', async () => {
  const cluster = await startCluster({ topics: { t: 2 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'linger.ms': '60000' })
  const [before, after] = [new TestRecord('t', 'before', { partition: 0 }), new TestRecord('t', 'after', { partition: 1 })]
  await sendAll(producer, [before])

  const flushed = producer.flush()
  await sendAll(producer, [after])
  await flushed

  expect(before.told).toBe(1)
  expect(after.told).toBe(0)
  await producer.flush()
  expect(after.told).toBe(1)
  await producer.flush()
})

test('flush resolves when deliveries fail, and an exception of a delivery stops nobody', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  cluster.once('Produce', { do: 'error', code: 29 })
  const { producer, log } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const throwing = {
    delivered: () => undefined,
    failed: () => {
      throw new Error('thrown by a callback')
    },
  }
  const record = new TestRecord('t', 'v')

  await producer.send(record, throwing)
  await sendAll(producer, [record])
  await producer.flush()

  expect(record.failure?.code).toBe('TOPIC_AUTHORIZATION_FAILED')
  expect(log.errors).toEqual([new Error('thrown by a callback')])
})

test('K34 close delivers what is unsent and releases every socket; a second close is the first', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, 'linger.ms': '60000' })
  const record = new TestRecord('t', 'v')
  await sendAll(producer, [record])

  await Promise.all([producer.close(), producer.close()])

  expect(record.delivery).toMatchObject({ offset: 0 })
  await cluster.until(() => cluster.openConnections() === 0)
  expect(() => producer.send(record, record)).toThrow('Cannot perform operation after producer has been closed')
  await expect(producer.partitionsFor('t')).rejects.toThrow('Cannot perform operation after producer has been closed')
})

test('K34 close with a silent broker ends at its timeout, and the records fail', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  cluster.onRequest('Produce', () => ({ do: 'silence' }))
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const records = Array.from({ length: 3 }, () => new TestRecord('t', 'v'))
  await sendAll(producer, records)
  await cluster.until(() => cluster.requestsOf('Produce').length > 0)

  await producer.close(50)

  expect(records.map(({ told, failure }) => [told, failure?.javaName])).toEqual(
    records.map(() => [1, 'org.apache.kafka.common.errors.TimeoutException']),
  )
  await cluster.until(() => cluster.openConnections() === 0)
})

test('K34 a second close may be more impatient', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  cluster.onRequest('Produce', () => ({ do: 'silence' }))
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const record = new TestRecord('t', 'v')
  await sendAll(producer, [record])

  const closed = producer.close(60_000)
  await producer.close(0)
  await closed

  expect(record.failure?.code).toBe('TIMEOUT')
})

test('K34 close ends a send that waits', async () => {
  const cluster = await startCluster({})
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  const record = new TestRecord('nowhere', 'v')
  const sent = producer.send(record, record)
  await cluster.until(() => cluster.requestsOf('Metadata').length > 0)

  await producer.close()
  await sent

  expect(record.failure?.message).toBe('Producer closed while send in progress')
})

test('K34 close ends while no broker can be reached', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, CONNECT_PRESET)
  await producer.partitionsFor('t')
  await cluster.stopNode(1)
  const record = new TestRecord('t', 'v')
  await sendAll(producer, [record])

  await producer.close(50)

  expect(record.failure?.code).toBe('TIMEOUT')
})
