import { expect, test } from 'vitest'
import { CONNECT_PRESET, newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import { inLog, startCluster } from './cluster.ts'

test.each([
  ['all', -1],
  ['-1', -1],
  ['1', 1],
])('K17 acks=%s asks the broker for %i and tells offset and timestamp', async (acks, asked) => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, acks })
  const record = new TestRecord('t', 'v', { timestamp: 5 })

  await sendAll(producer, [record])
  await producer.flush()

  expect(cluster.requestsOf('Produce')[0]?.request.acks).toBe(asked)
  expect(record.delivery).toEqual({ partition: 0, offset: 0, timestamp: 5 })
})

test('K17 acks=0 waits for no answer: the offset is -1', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { ...CONNECT_PRESET, acks: '0' })
  const records = Array.from({ length: 50 }, (_, index) => new TestRecord('t', String(index), { timestamp: index }))

  await sendAll(producer, records)
  await producer.flush()

  expect(records.map(({ delivery }) => delivery)).toEqual(records.map((_, index) => ({ partition: 0, offset: -1, timestamp: index })))
  await cluster.until(() => inLog(cluster, 't').length === 50)
})

test('a transactional.id refuses sends outside of transactions', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { 'transactional.id': 'mine' })
  const record = new TestRecord('t', 'v')

  expect(() => producer.send(record, record)).toThrow('Cannot add partition t to transaction before completing a call to initTransactions')
})

test('K17 acks=1 with idempotence asked for is a ConfigException; otherwise idempotence is switched off', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  expect(() => newProducer(cluster.bootstrapServers, { acks: '1', 'enable.idempotence': 'true' })).toThrow(
    'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.',
  )
  const { producer, log } = newProducer(cluster.bootstrapServers, { acks: '1' })
  await sendAll(producer, [new TestRecord('t', 'v')])
  await producer.flush()

  expect(log.lines).toContain('INFO Idempotence will be disabled because acks is set to 1.')
  expect(cluster.requestsOf('InitProducerId')).toEqual([])
})
