import { expect, test } from 'vitest'
import { newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import { startCluster } from './cluster.ts'
import { anonymous, transactionalProducer } from './transactional.ts'

const OFFSETS = [{ topic: 't', partition: 0, offset: 5 }]
/** Each attempt may take `max.block.ms`. */
const PATIENT = { timeout: 10_000 }
const record = new TestRecord('t', 'v', { partition: 0 })

test('a producer without transactional.id has no transactions', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers)
  const sentence = 'Cannot use transactional methods without enabling transactions by setting the transactional.id configuration property'

  await expect(producer.initTransactions()).rejects.toThrow(sentence)
  expect(() => producer.beginTransaction()).toThrow(sentence)
  await expect(producer.sendOffsetsToTransaction(OFFSETS, anonymous)).rejects.toThrow(sentence)
  await expect(producer.commitTransaction()).rejects.toThrow(sentence)
  await expect(producer.abortTransaction()).rejects.toThrow(sentence)
})

test('before initTransactions nothing may be called', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { 'transactional.id': 'tx' })
  const from = (target: string) => `TransactionalId tx: Invalid transition attempted from state UNINITIALIZED to state ${target}`

  expect(() => producer.beginTransaction()).toThrow(from('IN_TRANSACTION'))
  await expect(producer.commitTransaction()).rejects.toThrow(from('COMMITTING_TRANSACTION'))
  await expect(producer.abortTransaction()).rejects.toThrow(from('ABORTING_TRANSACTION'))
  await expect(producer.sendOffsetsToTransaction(OFFSETS, anonymous)).rejects.toThrow(
    'Cannot send offsets if a transaction is not in progress (currentState= UNINITIALIZED)',
  )
  expect(() => producer.send(record, record)).toThrow(
    'Cannot add partition t-0 to transaction before completing a call to initTransactions',
  )
  expect(await producer.partitionsFor('t')).toEqual([0])
})

test('between transactions nothing may be sent, and only a transaction may begin', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster)
  const invalid = (from: string, to: string) => `TransactionalId tx: Invalid transition attempted from state ${from} to state ${to}`

  await expect(producer.initTransactions()).rejects.toThrow(invalid('READY', 'INITIALIZING'))
  expect(() => producer.send(record, record)).toThrow('Cannot add partition t-0 to transaction while in state  READY')
  await expect(producer.commitTransaction()).rejects.toThrow(invalid('READY', 'COMMITTING_TRANSACTION'))
  await expect(producer.abortTransaction()).rejects.toThrow(invalid('READY', 'ABORTING_TRANSACTION'))

  producer.beginTransaction()
  expect(() => producer.beginTransaction()).toThrow(invalid('IN_TRANSACTION', 'IN_TRANSACTION'))
  await sendAll(producer, [new TestRecord('t', 'v')])
  const committed = producer.commitTransaction()
  expect(() => producer.send(record, record)).toThrow('Cannot add partition t-0 to transaction while in state  COMMITTING_TRANSACTION')
  await committed
  expect(cluster.committedValues('t', 0)).toEqual(['v'])
})

test('a closed producer says so', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster)
  await producer.close()

  expect(() => producer.beginTransaction()).toThrow('Cannot perform operation after producer has been closed')
  expect(() => producer.send(record, record)).toThrow('Cannot perform operation after producer has been closed')
  await expect(producer.commitTransaction()).rejects.toThrow('Cannot perform operation after producer has been closed')
})

test('initTransactions that times out goes on, and must be called again before anything else', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const { producer } = newProducer(cluster.bootstrapServers, { 'transactional.id': 'tx', 'max.block.ms': '50' })
  const loading = cluster.onRequest('InitProducerId', () => ({ do: 'error', code: 14 }))

  await expect(producer.initTransactions()).rejects.toMatchObject({
    retriable: true,
    message:
      'InitTransactions timed out - did not complete coordinator discovery or receive the InitProducerId response within max.block.ms.',
  })
  expect(() => producer.beginTransaction()).toThrow(
    'Cannot attempt operation `beginTransaction` because the previous call to `initTransactions` timed out and must be retried',
  )
  loading()
  await expect.poll(() => producer.initTransactions().then(() => 'ready', String), PATIENT).toBe('ready')
  producer.beginTransaction()
})

test('a commit that times out is the same commit when it is called again', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster, { 'max.block.ms': '500' })
  const busy = cluster.onRequest('EndTxn', () => ({ do: 'error', code: 51 }))
  producer.beginTransaction()
  await sendAll(producer, [new TestRecord('t', 'v')])

  await expect(producer.commitTransaction()).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: 'CommitTransaction timed out - did not complete EndTxn with the transaction coordinator within max.block.ms',
  })
  await expect(producer.abortTransaction()).rejects.toThrow(
    'Cannot attempt operation `abortTransaction` because the previous call to `commitTransaction` timed out and must be retried',
  )
  busy()
  await expect.poll(() => producer.commitTransaction().then(() => 'committed', String), PATIENT).toBe('committed')
  producer.beginTransaction()
  expect(cluster.transaction('tx').ended).toEqual(['commit'])
})

test('offsets that time out are still part of the transaction', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster, { 'max.block.ms': '500' })
  const loading = cluster.onRequest('TxnOffsetCommit', () => ({ do: 'error', code: 14 }))
  producer.beginTransaction()

  await expect(producer.sendOffsetsToTransaction(OFFSETS, anonymous)).rejects.toThrow(
    'SendOffsetsToTransaction timed out - did not reach the coordinator or receive the TxnOffsetCommit/AddOffsetsToTxn response within max.block.ms',
  )
  loading()
  await expect.poll(() => producer.commitTransaction().then(() => 'committed', String), PATIENT).toBe('committed')

  expect(cluster.committed('g', 't', 0)).toBe(5)
})

test('an abort ends the waiting of partitions and offsets that the coordinator does not take', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster, { 'max.block.ms': '500' })
  cluster.onRequest('AddPartitionsToTxn', () => ({ do: 'error', code: 3 }))
  cluster.onRequest('AddOffsetsToTxn', () => ({ do: 'error', code: 51 }))
  const unsent = new TestRecord('t', 'v')
  producer.beginTransaction()
  await sendAll(producer, [unsent])
  await expect(producer.sendOffsetsToTransaction(OFFSETS, anonymous)).rejects.toThrow('timed out')

  await expect.poll(() => producer.abortTransaction().then(() => 'aborted', String), PATIENT).toBe('aborted')

  expect(unsent.failure?.code).toBe('TRANSACTION_ABORTED')
  expect(cluster.requestsOf('EndTxn')).toEqual([])
})
