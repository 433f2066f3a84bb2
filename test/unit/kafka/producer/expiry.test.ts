import { expect, test } from 'vitest'
import { CONNECT_PRESET, newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import { inLog, startCluster } from './cluster.ts'

/** What is not to expire has that long, too. */
const QUICK = { ...CONNECT_PRESET, 'delivery.timeout.ms': '1500', 'request.timeout.ms': '1400', 'linger.ms': '5' }
/** A batch is not sent a second time before it expires. */
const ONCE = { ...QUICK, 'linger.ms': '0', 'request.timeout.ms': '1500' }

test('K5 delivery.timeout.ms passes while the broker refuses: exactly those records fail with TimeoutException, later ones go on', async () => {
  const cluster = await startCluster({ topics: { t: 2 } })
  let isRefusing = true
  cluster.onRequest('Produce', () => (isRefusing ? { do: 'error', code: 19, where: (_, partition) => partition === 0 } : undefined))
  const { producer } = newProducer(cluster.bootstrapServers, QUICK)
  const late = Array.from({ length: 3 }, (_, index) => new TestRecord('t', `late ${index}`, { partition: 0 }))
  const other = new TestRecord('t', 'other', { partition: 1 })

  await sendAll(producer, [...late, other])
  await producer.flush()
  isRefusing = false
  const next = new TestRecord('t', 'next', { partition: 0 })
  await sendAll(producer, [next])
  await producer.flush()

  for (const record of late) {
    expect(record.failure).toMatchObject({ javaName: 'org.apache.kafka.common.errors.TimeoutException', topic: 't', partition: 0 })
    expect(record.failure?.message).toMatch(
      /^Expiring 3 record\(s\) for t-0:\d+ ms has passed since batch creation\. The last attempt failed: /,
    )
    expect(record.told).toBe(1)
  }
  expect(other.delivery).toMatchObject({ partition: 1, offset: 0 })
  expect(next.delivery).toMatchObject({ partition: 0, offset: 0 })
})

test('K5 it passes while the partition has no leader', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  cluster.setLeader('t', 0, -1)
  const { producer } = newProducer(cluster.bootstrapServers, QUICK)
  const record = new TestRecord('t', 'unsent')

  await sendAll(producer, [record])
  await producer.flush()

  expect(record.failure?.message).toContain('The request has not been sent, or no server response has been received yet.')
  expect(cluster.requestsOf('Produce')).toEqual([])
})

test('K5 it passes while the request is on its way: the records fail then, and the late answer changes nothing', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const answer = Promise.withResolvers<void>()
  const stop = cluster.onRequest('Produce', () => answer.promise)
  const { producer } = newProducer(cluster.bootstrapServers, ONCE)
  const [slow, next] = [new TestRecord('t', 'slow'), new TestRecord('t', 'next')]

  await sendAll(producer, [slow])
  await slow.outcome.promise
  expect(slow.failure?.code).toBe('TIMEOUT')
  stop()
  answer.resolve()
  await sendAll(producer, [next])
  await producer.flush()

  expect(next.delivery).not.toBeNull()
  expect(slow.told).toBe(1)
})

test('K5 with idempotence the epoch is raised after a batch was given up, and nothing is there twice', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  let isSilent = true
  cluster.onRequest('Produce', () => (isSilent ? { do: 'silence' } : undefined))
  const { producer, log } = newProducer(cluster.bootstrapServers, { ...ONCE, 'enable.idempotence': 'true' })
  const [lost, next, last] = ['lost', 'next', 'last'].map((value) => new TestRecord('t', value))

  await sendAll(producer, [lost!])
  await producer.flush()
  isSilent = false
  await sendAll(producer, [next!])
  await producer.flush()
  await sendAll(producer, [last!])
  await producer.flush()

  expect(lost!.failure?.code).toBe('TIMEOUT')
  expect(inLog(cluster, 't')).toEqual(['next', 'last'])
  const stamps = cluster.log('t', 0).batches.map(({ header }) => [header.producerEpoch, header.baseSequence])
  expect(stamps).toEqual([
    [1, 0],
    [1, 1],
  ])
  expect(log.lines.filter((line) => line.includes('starts anew'))).toHaveLength(1)
})
