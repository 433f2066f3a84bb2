import { expect, test } from 'vitest'
import { sendAll, TestRecord } from '../../../support/real-producer.ts'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import { startCluster } from './cluster.ts'
import { anonymous, member, transactionalProducer } from './transactional.ts'

test('a transaction: the partition is added before its first batch, the batch is transactional, the commit comes last', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster)
  const record = new TestRecord('t', 'v')

  producer.beginTransaction()
  await sendAll(producer, [record])
  expect(cluster.committedValues('t', 0)).toEqual([])
  await producer.commitTransaction()

  expect(order(cluster)).toEqual(['FindCoordinator', 'InitProducerId', 'AddPartitionsToTxn', 'Produce', 'EndTxn'])
  expect(cluster.requestsOf('FindCoordinator')[0]?.request).toEqual({ key: 'tx', type: 1 })
  expect(cluster.requestsOf('Produce')[0]?.request.transactionalId).toBe('tx')
  expect(cluster.log('t', 0).batches[0]?.header).toMatchObject({ isTransactional: true, producerEpoch: 0, baseSequence: 0 })
  expect(record.delivery).toMatchObject({ offset: 0 })
  expect(cluster.committedValues('t', 0)).toEqual(['v'])
})

test('a thousand partitions are added by one request', async () => {
  const cluster = await startCluster({ topics: { t: 1000 } })
  const producer = await transactionalProducer(cluster)
  await producer.partitionsFor('t')

  producer.beginTransaction()
  for (let partition = 0; partition < 1000; partition++) {
    const record = new TestRecord('t', 'v', { partition })
    void producer.send(record, record)
  }
  await producer.commitTransaction()

  expect(cluster.requestsOf('AddPartitionsToTxn').map(({ request }) => request.partitions.length)).toEqual([1000])
  expect(cluster.allRecords('t')).toHaveLength(1000)
})

test('the coordinator hears of a partition while its batch still lingers, and each partition once a transaction', async () => {
  const cluster = await startCluster({ topics: { t: 2 } })
  const producer = await transactionalProducer(cluster, { 'linger.ms': '60000' })
  for (let round = 0; round < 2; round++) {
    producer.beginTransaction()
    await sendAll(producer, [new TestRecord('t', `a${round}`, { partition: 0 })])
    await cluster.until(() => cluster.transaction('tx').has('t', 0))
    expect(cluster.requestsOf('Produce')).toHaveLength(round)
    await sendAll(producer, [new TestRecord('t', `b${round}`, { partition: 0 })])
    await producer.commitTransaction()
  }

  expect(cluster.requestsOf('AddPartitionsToTxn')).toHaveLength(2)
  expect(cluster.committedValues('t', 0)).toEqual(['a0', 'b0', 'a1', 'b1'])
})

test('sequences go on from one transaction to the next, under one epoch', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster)
  for (const outcome of ['commit', 'abort', 'commit'] as const) {
    producer.beginTransaction()
    await sendAll(producer, [new TestRecord('t', outcome), new TestRecord('t', outcome)])
    await producer.flush()
    await (outcome === 'commit' ? producer.commitTransaction() : producer.abortTransaction())
  }

  expect(cluster.log('t', 0).batches.map(({ header }) => [header.producerEpoch, header.baseSequence])).toEqual([
    [0, 0],
    [0, 2],
    [0, 4],
  ])
  expect(cluster.committedValues('t', 0)).toEqual(['commit', 'commit', 'commit', 'commit'])
  expect(cluster.transaction('tx').ended).toEqual(['commit', 'abort', 'commit'])
})

test('a transaction without records or offsets asks nobody, however it ends', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster)
  const before = cluster.requests.length

  producer.beginTransaction()
  await producer.commitTransaction()
  producer.beginTransaction()
  await producer.abortTransaction()
  producer.beginTransaction()
  await producer.sendOffsetsToTransaction([], anonymous)
  await producer.commitTransaction()

  expect(cluster.requests).toHaveLength(before)
})

test('abort drops what is unsent, waits for what is on its way, and tells every record before it settles', async () => {
  const cluster = await startCluster({ topics: { t: 2 } })
  const producer = await transactionalProducer(cluster, { 'linger.ms': '60000' })
  const answer = Promise.withResolvers<void>()
  cluster.onRequest('Produce', () => answer.promise)
  const [sent, unsent] = [new TestRecord('t', 'sent', { partition: 0 }), new TestRecord('t', 'unsent', { partition: 1 })]

  producer.beginTransaction()
  await sendAll(producer, [sent])
  void producer.flush()
  await cluster.until(() => cluster.requestsOf('Produce').length > 0)
  await sendAll(producer, [unsent])
  const aborted = producer.abortTransaction()
  await unsent.outcome.promise
  expect(cluster.requestsOf('EndTxn')).toEqual([])
  answer.resolve()
  await aborted

  expect(unsent.failure?.message).toBe('Failing batch since transaction was aborted')
  expect(unsent.failure?.javaName).toBe('org.apache.kafka.common.errors.TransactionAbortedException')
  expect(sent.delivery).toMatchObject({ offset: 0 })
  expect(cluster.committedValues('t', 0)).toEqual([])
  expect(cluster.requestsOf('EndTxn').map(({ request }) => request.committed)).toEqual([false])
})

test.each(['AddPartitionsToTxn', 'AddOffsetsToTxn'] as const)(
  'abort waits for an %s on its way: what the coordinator was told is ended with the rest',
  async (api) => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const producer = await transactionalProducer(cluster)
    const answer = Promise.withResolvers<void>()
    cluster.onRequest(api, () => answer.promise)
    const record = new TestRecord('t', 'never')

    producer.beginTransaction()
    if (api === 'AddPartitionsToTxn') await sendAll(producer, [record])
    else producer.sendOffsetsToTransaction([{ topic: 't', partition: 0, offset: 5 }], anonymous).catch(() => record.outcome.resolve())
    await cluster.until(() => cluster.requestsOf(api).length > 0)
    const aborted = producer.abortTransaction()
    setImmediate(() => answer.resolve())
    await aborted

    await record.outcome.promise
    expect(cluster.transaction('tx')).toMatchObject({ state: 'CompleteAbort', ended: ['abort'] })
    expect(cluster.committed('g', 't', 0)).toBe(-1)
  },
)

test('offsets are committed with the transaction and not before, under the member’s generation', async () => {
  const cluster = await startCluster({ topics: { t: 2 } })
  const producer = await transactionalProducer(cluster)

  producer.beginTransaction()
  await producer.sendOffsetsToTransaction([{ topic: 't', partition: 0, offset: 5 }], anonymous)
  await producer.sendOffsetsToTransaction([{ topic: 't', partition: 1, offset: 6 }], anonymous)
  expect(cluster.committed('g', 't', 0)).toBe(-1)
  await producer.commitTransaction()

  expect([cluster.committed('g', 't', 0), cluster.committed('g', 't', 1)]).toEqual([5, 6])
  expect(cluster.requestsOf('TxnOffsetCommit')[0]?.request).toMatchObject({ generationId: -1, memberId: '', producerEpoch: 0 })

  producer.beginTransaction()
  await producer.sendOffsetsToTransaction([{ topic: 't', partition: 0, offset: 9 }], anonymous)
  await producer.abortTransaction()
  expect(cluster.committed('g', 't', 0)).toBe(5)
})

test('an unknown member is told to the coordinator as it is named', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster)
  producer.beginTransaction()

  const sent = producer.sendOffsetsToTransaction([{ topic: 't', partition: 0, offset: 5 }], member)

  await expect(sent).rejects.toThrow('Transaction offset Commit failed due to consumer group metadata mismatch')
  expect(cluster.requestsOf('TxnOffsetCommit')[0]?.request).toMatchObject({ generationId: 3, memberId: 'm', groupInstanceId: 'i' })
})

test('a record that is refused inside send ends the transaction', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster, { 'max.request.size': '1000' })
  const [good, large] = [new TestRecord('t', 'v'), new TestRecord('t', Buffer.alloc(2000))]

  producer.beginTransaction()
  await sendAll(producer, [good, large])

  expect(large.failure?.code).toBe('RECORD_TOO_LARGE')
  expect(() => producer.send(good, good)).toThrow('Cannot execute transactional method because we are in an error state')
  await expect(producer.commitTransaction()).rejects.toMatchObject({ abortable: true, retriable: false, code: 'RECORD_TOO_LARGE' })
  await producer.abortTransaction()
  producer.beginTransaction()
  await sendAll(producer, [new TestRecord('t', 'next')])
  await producer.commitTransaction()
  expect(cluster.committedValues('t', 0)).toEqual(['next'])
})

test('a send that still waits when its transaction is aborted is not taken into the next one', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster)
  const [late, next] = [new TestRecord('later', 'late'), new TestRecord('t', 'next')]

  producer.beginTransaction()
  const sent = producer.send(late, late)
  await producer.abortTransaction()
  producer.beginTransaction()
  cluster.createTopic('later', 1)
  await sent
  await sendAll(producer, [next])
  await producer.commitTransaction()

  expect(late.failure?.code).toBe('TRANSACTION_ABORTED')
  expect(cluster.allRecords('later')).toEqual([])
  expect(cluster.committedValues('t', 0)).toEqual(['next'])
})

test('K7 a batch that is split stays in its transaction', async () => {
  const cluster = await startCluster({ topics: { t: 1 }, maxMessageBytes: 300 })
  const producer = await transactionalProducer(cluster)
  const records = Array.from({ length: 40 }, (_, index) => new TestRecord('t', `value ${index}`))

  producer.beginTransaction()
  await sendAll(producer, records)
  await producer.commitTransaction()

  const { batches } = cluster.log('t', 0)
  expect(batches.length).toBeGreaterThan(1)
  expect(batches.every(({ header }) => header.isTransactional)).toBe(true)
  expect(cluster.committedValues('t', 0)).toEqual(records.map(({ value }) => String(value)))
})

test('close aborts an open transaction, and waits for a commit under way', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const open = await transactionalProducer(cluster)
  const record = new TestRecord('t', 'open')
  open.beginTransaction()
  await sendAll(open, [record])
  await open.flush()
  await open.close()
  expect(cluster.transaction('tx').ended).toEqual(['abort'])

  const committing = await transactionalProducer(cluster)
  committing.beginTransaction()
  await sendAll(committing, [new TestRecord('t', 'committed')])
  const committed = committing.commitTransaction()
  await committing.close()
  await committed
  expect(cluster.committedValues('t', 0)).toEqual(['committed'])
  await cluster.until(() => cluster.openConnections() === 0)
})

test('close gives up on a silent coordinator in time, and whoever waits is told', async () => {
  const cluster = await startCluster({ topics: { t: 1 } })
  const producer = await transactionalProducer(cluster)
  cluster.onRequest('EndTxn', () => ({ do: 'silence' }))
  producer.beginTransaction()
  await sendAll(producer, [new TestRecord('t', 'v')])
  const committed = producer.commitTransaction()
  await cluster.until(() => cluster.requestsOf('EndTxn').length > 0)

  await Promise.all([producer.close(50), expect(committed).rejects.toThrow('The producer closed forcefully')])

  await cluster.until(() => cluster.openConnections() === 0)
})

test('a topic that was idle for metadata.max.idle.ms goes on with its sequence', async () => {
  let ahead = 0
  const cluster = await startCluster({ topics: { idle: 1, busy: 1 } })
  const props = { 'metadata.max.idle.ms': '5000', 'metadata.max.age.ms': '20' }
  const producer = await transactionalProducer(cluster, props, { clock: () => ahead + performance.now() })
  const asksForIdle = () => cluster.requestsOf('Metadata').at(-1)?.request.topics?.includes('idle')
  const commit = async (topic: string): Promise<void> => {
    producer.beginTransaction()
    await sendAll(producer, [new TestRecord(topic, 'v')])
    await producer.commitTransaction()
  }
  await commit('idle')
  await commit('busy')
  const asked = cluster.requestsOf('Metadata').length
  await cluster.until(() => cluster.requestsOf('Metadata').length > asked + 2)
  ahead += 4000
  await commit('busy')
  ahead += 4000
  await cluster.until(() => asksForIdle() === false)

  await commit('idle')

  expect(cluster.log('idle', 0).batches.map(({ header }) => header.baseSequence)).toEqual([0, 1])
  expect(cluster.transaction('tx').ended).toEqual(['commit', 'commit', 'commit', 'commit'])
})

function order(cluster: ScriptedCluster): string[] {
  return cluster.requests.map(({ api }) => api).filter((api) => api !== 'ApiVersions' && api !== 'Metadata')
}
