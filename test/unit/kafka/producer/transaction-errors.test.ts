import { describe, expect, test } from 'vitest'
import type { KafkaError } from '../../../../src/kafka/errors.ts'
import type { KafkaProducer } from '../../../../src/kafka/producer/producer.ts'
import { newProducer, sendAll, TestRecord } from '../../../support/real-producer.ts'
import type { ApiName } from '../../../support/scripted-broker/apis/index.ts'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import { inLog, startCluster } from './cluster.ts'
import { anonymous, transactionalProducer } from './transactional.ts'

const OFFSETS = [{ topic: 't', partition: 0, offset: 5 }]
const FENCED = 'has been fenced by another producer with the same transactionalId'
const IN_ERROR = 'Cannot execute transactional method because we are in an error state'

describe('what heals by itself is tried again', () => {
  test.each([
    ['InitProducerId', 51],
    ['InitProducerId', 14],
    ['InitProducerId', 15],
    ['InitProducerId', 16],
    ['AddPartitionsToTxn', 51],
    ['AddPartitionsToTxn', 14],
    ['AddPartitionsToTxn', 15],
    ['AddPartitionsToTxn', 16],
    ['AddPartitionsToTxn', 3],
    ['AddOffsetsToTxn', 51],
    ['AddOffsetsToTxn', 14],
    ['AddOffsetsToTxn', 16],
    ['TxnOffsetCommit', 14],
    ['TxnOffsetCommit', 15],
    ['TxnOffsetCommit', 16],
    ['TxnOffsetCommit', 7],
    ['TxnOffsetCommit', 3],
    ['EndTxn', 51],
    ['EndTxn', 14],
    ['EndTxn', 15],
    ['EndTxn', 16],
    ['FindCoordinator', 15],
    ['FindCoordinator', 14],
  ] as const)('%s answered with %i', async (api, code) => {
    const cluster = await startCluster({ topics: { t: 1 } })
    refuse(cluster, api, code, 2)
    await expectCommitWithOffsets(cluster)
    expect(cluster.requestsOf(api).length).toBeGreaterThan(2)
  })

  test.each(['InitProducerId', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'] as const)(
    'the connection is cut before %s, and after it took effect',
    async (api) => {
      const cluster = await startCluster({ topics: { t: 1 } })
      cluster.once(api, { do: 'cut' })
      cluster.once(api, { do: 'lose-answer' })
      await expectCommitWithOffsets(cluster)
      expect(cluster.transaction('tx').ended).toEqual(['commit'])
    },
  )

  test('an abort whose answer was lost after it took effect', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const producer = await transactionalProducer(cluster)
    cluster.once('EndTxn', { do: 'lose-answer' })

    producer.beginTransaction()
    await sendAll(producer, [new TestRecord('t', 'v')])
    await producer.flush()
    await producer.abortTransaction()

    expect(cluster.transaction('tx').ended).toEqual(['abort'])
    expect(cluster.requestsOf('EndTxn')).toHaveLength(2)
  })

  test('the coordinator moves to another node in the middle of a transaction', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 1 } })
    const producer = await transactionalProducer(cluster)
    producer.beginTransaction()
    await sendAll(producer, [new TestRecord('t', 'v')])
    await producer.flush()

    cluster.setCoordinator('tx', 2)
    await producer.commitTransaction()

    expect(cluster.committedValues('t', 0)).toEqual(['v'])
    expect(cluster.requestsOf('EndTxn').at(-1)?.node).toBe(2)
  })

  test('an answer lost after the append: the record is in the transaction once', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const producer = await transactionalProducer(cluster)
    cluster.once('Produce', { do: 'lose-answer' })

    producer.beginTransaction()
    await sendAll(producer, [new TestRecord('t', 'v')])
    await producer.commitTransaction()

    expect(cluster.requestsOf('Produce')).toHaveLength(2)
    expect(inLog(cluster, 't')).toEqual(['v'])
  })
})

describe('K19 a fenced producer can only be closed', () => {
  test.each([
    ['AddPartitionsToTxn', 47],
    ['AddPartitionsToTxn', 90],
    ['AddOffsetsToTxn', 47],
    ['AddOffsetsToTxn', 90],
    ['TxnOffsetCommit', 47],
    ['TxnOffsetCommit', 90],
    ['EndTxn', 47],
    ['EndTxn', 90],
    ['Produce', 90],
  ] as const)('%s answered with %i', async (api, code) => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const producer = await transactionalProducer(cluster)
    refuse(cluster, api, code, 1)

    const error = await failureOf(producer)

    expect(error).toMatchObject({ fenced: true, abortable: false, retriable: false, number: 90, code: 'PRODUCER_FENCED' })
    expect(error.message).toMatch(/^Producer with transactionalId 'tx' and ProducerIdAndEpoch\(producerId=\d+, epoch=0\) has been fenced/)
    expect(error.javaName).toBe('org.apache.kafka.common.errors.ProducerFencedException')
    await expectDead(producer, FENCED)
  })

  test('a second producer takes the id: the first one’s commit rejects, and the second works', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const first = await transactionalProducer(cluster)
    first.beginTransaction()
    await sendAll(first, [new TestRecord('t', 'first')])
    await first.flush()

    const second = await transactionalProducer(cluster)
    await expect(first.commitTransaction()).rejects.toMatchObject({ fenced: true, abortable: false })
    second.beginTransaction()
    await sendAll(second, [new TestRecord('t', 'second')])
    await second.commitTransaction()

    expect(cluster.committedValues('t', 0)).toEqual(['second'])
  })

  test('an old epoch told by Produce is abortable: the abort then finds out that it means fenced', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const producer = await transactionalProducer(cluster)
    producer.beginTransaction()
    await sendAll(producer, [new TestRecord('t', 'v')])
    await producer.flush()
    await transactionalProducer(cluster)
    refuse(cluster, 'Produce', 47, 1)
    await sendAll(producer, [new TestRecord('t', 'w')])

    await expect(producer.commitTransaction()).rejects.toMatchObject({ abortable: true, fenced: false, number: 47 })
    await expect(producer.abortTransaction()).rejects.toMatchObject({ abortable: false, fenced: true })
  })
})

describe('fatal errors', () => {
  test.each([
    ['InitProducerId', 53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'],
    ['InitProducerId', 31, 'CLUSTER_AUTHORIZATION_FAILED'],
    ['InitProducerId', 50, 'INVALID_TRANSACTION_TIMEOUT'],
    ['FindCoordinator', 53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'],
  ] as const)('%s answered with %i: the id cannot be had', async (api, code, name) => {
    const cluster = await startCluster({ topics: { t: 1 } })
    refuse(cluster, api, code, 1)
    const { producer } = newProducer(cluster.bootstrapServers, { 'transactional.id': 'tx' })

    await expect(producer.initTransactions()).rejects.toMatchObject({ code: name, abortable: false, retriable: false })
    await expectDead(producer, IN_ERROR)
  })

  test.each([
    ['AddPartitionsToTxn', 48],
    ['AddPartitionsToTxn', 53],
    ['AddOffsetsToTxn', 48],
    ['AddOffsetsToTxn', 53],
    ['TxnOffsetCommit', 53],
    ['TxnOffsetCommit', 43],
    ['EndTxn', 48],
    ['EndTxn', 53],
    ['EndTxn', 35],
    ['Produce', 53],
    ['Produce', 31],
    ['Produce', 35],
  ] as const)('%s answered with %i', async (api, code) => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const producer = await transactionalProducer(cluster)
    refuse(cluster, api, code, 1)

    expect(await failureOf(producer)).toMatchObject({ number: code, abortable: false, fenced: false, retriable: false })
    await expectDead(producer, IN_ERROR)
  })

  test('a coordinator that does not speak an API (35)', async () => {
    const cluster = await startCluster({ topics: { t: 1 }, versions: { EndTxn: null } })
    const producer = await transactionalProducer(cluster)

    expect(await failureOf(producer)).toMatchObject({ code: 'UNSUPPORTED_VERSION', abortable: false })
    await expectDead(producer, IN_ERROR)
  })

  test('all that is accepted is told when the producer breaks', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    const producer = await transactionalProducer(cluster)
    refuse(cluster, 'AddPartitionsToTxn', 53, 1)
    const records = [0, 1].map((partition) => new TestRecord('t', 'v', { partition }))
    producer.beginTransaction()

    await sendAll(producer, records)
    await producer.flush()

    expect(records.map(({ told, failure }) => [told, failure?.code])).toEqual(
      records.map(() => [1, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED']),
    )
  })
})

describe('abortable errors: the transaction is lost, the producer is not', () => {
  test.each([
    ['AddPartitionsToTxn', 29],
    ['AddPartitionsToTxn', 120],
    ['AddPartitionsToTxn', 17],
    ['AddPartitionsToTxn', -1],
    ['AddOffsetsToTxn', 30],
    ['AddOffsetsToTxn', 120],
    ['TxnOffsetCommit', 22],
    ['TxnOffsetCommit', 25],
    ['TxnOffsetCommit', 29],
    ['TxnOffsetCommit', 30],
    ['TxnOffsetCommit', 82],
    ['TxnOffsetCommit', 120],
    ['EndTxn', 120],
    ['Produce', 29],
    ['Produce', 47],
    ['Produce', 48],
    ['Produce', 87],
    ['Produce', 120],
  ] as const)('%s answered with %i', async (api, code) => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const producer = await transactionalProducer(cluster)
    refuse(cluster, api, code, 1)

    expect(await failureOf(producer)).toMatchObject({ abortable: true, fenced: false, retriable: false })
    expect(() => producer.beginTransaction()).toThrow(IN_ERROR)
    await expect(producer.commitTransaction()).rejects.toMatchObject({ abortable: true })
    await expectAbortAndNext(producer, cluster)
  })

  test('the error says which topic, which group, and where it was said', async () => {
    const cluster = await startCluster({ topics: { t: 1, other: 1 } })
    const producer = await transactionalProducer(cluster)
    cluster.once('AddPartitionsToTxn', { do: 'error', code: 29, where: (topic) => topic === 'other' })
    const records = [new TestRecord('t', 'v'), new TestRecord('other', 'v')]
    await Promise.all(['t', 'other'].map((topic) => producer.partitionsFor(topic)))
    producer.beginTransaction()
    await sendAll(producer, records)
    const where = '(AddPartitionsToTxn of transactional id tx)'
    const why = `Not authorized to access topics: [other] ${where}`
    await expect(producer.commitTransaction()).rejects.toMatchObject({ message: why, topic: 'other', abortable: true })
    expect(records.map(({ failure }) => failure?.code)).toEqual(['TOPIC_AUTHORIZATION_FAILED', 'TOPIC_AUTHORIZATION_FAILED'])
    await producer.abortTransaction()

    refuse(cluster, 'AddOffsetsToTxn', 30, 1)
    producer.beginTransaction()
    await expect(producer.sendOffsetsToTransaction(OFFSETS, anonymous)).rejects.toThrow(
      'Not authorized to access group: g (AddOffsetsToTxn of transactional id tx)',
    )
  })

  test('what the member is told', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const producer = await transactionalProducer(cluster)
    refuse(cluster, 'TxnOffsetCommit', 22, 1)
    producer.beginTransaction()
    const failed = producer.sendOffsetsToTransaction(OFFSETS, anonymous)
    await expect(failed).rejects.toThrow(
      'Transaction offset Commit failed due to consumer group metadata mismatch: Specified group generation id is not valid.',
    )
    await expect(failed).rejects.toMatchObject({ javaName: 'org.apache.kafka.clients.consumer.CommitFailedException' })
  })

  test.each(['AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn'] as const)(
    'the coordinator has forgotten the producer (%s answered with 49): a new id without an end of what it does not know',
    async (api) => {
      const cluster = await startCluster({ topics: { t: 1 } })
      const producer = await transactionalProducer(cluster)
      cluster.once(api, { do: 'error', code: 49 })

      expect(await failureOf(producer)).toMatchObject({ number: 49, abortable: true })
      cluster.forgetTransaction('tx')
      const ends = cluster.requestsOf('EndTxn').length
      await producer.abortTransaction()
      expect(cluster.requestsOf('EndTxn')).toHaveLength(ends)
      await committed(producer, 'next')
      expect(cluster.committedValues('t', 0)).toContain('next')
      expect(cluster.requestsOf('InitProducerId').at(-1)?.request).toMatchObject({ producerId: 1000, producerEpoch: 0 })
    },
  )
})

describe('a sequence that nobody knows ends in a new epoch (KIP-360)', () => {
  test.each([45, 59])('Produce answered with %i', async (code) => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const producer = await transactionalProducer(cluster)
    await committed(producer, 'before')
    refuse(cluster, 'Produce', code, 1)

    expect(await failureOf(producer)).toMatchObject({ number: code, abortable: true })
    await producer.abortTransaction()
    await committed(producer, 'after')

    expect(cluster.requestsOf('InitProducerId').map(({ request }) => request.producerEpoch)).toEqual([-1, 0])
    expect(cluster.committedValues('t', 0)).toEqual(['before', 'after'])
    expect(cluster.log('t', 0).batches.at(-1)?.header).toMatchObject({ producerEpoch: 1, baseSequence: 0 })
  })

  test('a batch expires with unknown outcome: the abort waits until its request is answered, or given up', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const props = { 'delivery.timeout.ms': '1000', 'request.timeout.ms': '800' }
    const producer = await transactionalProducer(cluster, props)
    const silence = cluster.onRequest('Produce', () => ({ do: 'silence' }))
    const record = new TestRecord('t', 'lost')

    producer.beginTransaction()
    await sendAll(producer, [record])
    await expect(producer.commitTransaction()).rejects.toMatchObject({ code: 'TIMEOUT', abortable: true, retriable: false })
    silence()
    await producer.abortTransaction()
    await committed(producer, 'after')

    expect(record.failure?.code).toBe('TIMEOUT')
    expect(cluster.committedValues('t', 0)).toEqual(['after'])
    expect(cluster.log('t', 0).batches.at(-1)?.header.producerEpoch).toBe(1)
  })

  test('a coordinator before Kafka 2.5 cannot raise it: the producer is of no more use', async () => {
    const cluster = await startCluster({ topics: { t: 1 }, versions: { InitProducerId: [0, 1] } })
    const producer = await transactionalProducer(cluster)
    refuse(cluster, 'Produce', 45, 1)
    await failureOf(producer)

    await expect(producer.abortTransaction()).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION', abortable: false })
    expect(cluster.transaction('tx').ended).toEqual(['abort'])
  })

  test('a refused batch among several in flight: what was sent is told, nothing of it is visible, and the next transaction is whole', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const producer = await transactionalProducer(cluster, { 'batch.size': '150' })
    await committed(producer, 'before')
    refuse(cluster, 'Produce', 87, 1)
    const records = Array.from({ length: 60 }, (_, index) => new TestRecord('t', String(index)))
    producer.beginTransaction()
    await sendAll(producer, records)

    await expect(producer.commitTransaction()).rejects.toMatchObject({ abortable: true })
    await producer.abortTransaction()
    await committed(producer, 'after')

    expect(records.map(({ told }) => told)).toEqual(records.map(() => 1))
    expect(cluster.committedValues('t', 0)).toEqual(['before', 'after'])
  })
})

/** Refuses the next `times` requests of an API. */
function refuse(cluster: ScriptedCluster, api: ApiName, code: number, times: number): void {
  for (let count = 0; count < times; count++) cluster.once(api, { do: 'error', code })
}

/** A record and offsets are committed together, whatever is in their way. */
async function expectCommitWithOffsets(cluster: ScriptedCluster): Promise<void> {
  const producer = await transactionalProducer(cluster)
  producer.beginTransaction()
  await sendAll(producer, [new TestRecord('t', 'v')])
  await producer.sendOffsetsToTransaction(OFFSETS, anonymous)
  await producer.commitTransaction()
  expect(cluster.committedValues('t', 0)).toEqual(['v'])
  expect(cluster.committed('g', 't', 0)).toBe(5)
}

/** A transaction with a record and offsets: the error that ends it. */
async function failureOf(producer: KafkaProducer): Promise<KafkaError> {
  producer.beginTransaction()
  await sendAll(producer, [new TestRecord('t', 'failed')])
  await producer.flush()
  try {
    await producer.sendOffsetsToTransaction(OFFSETS, anonymous)
  } catch (error) {
    if (!String(error).includes(IN_ERROR)) return error as KafkaError
  }
  return producer.commitTransaction().then(
    () => Promise.reject(new Error('The transaction was committed')),
    (error: unknown) => error as KafkaError,
  )
}

async function committed(producer: KafkaProducer, value: string): Promise<void> {
  producer.beginTransaction()
  await sendAll(producer, [new TestRecord('t', value)])
  await producer.commitTransaction()
}

async function expectAbortAndNext(producer: KafkaProducer, cluster: ScriptedCluster): Promise<void> {
  await producer.abortTransaction()
  await committed(producer, 'next')
  expect(cluster.committedValues('t', 0)).toEqual(['next'])
  expect(cluster.committed('g', 't', 0)).toBe(-1)
}

async function expectDead(producer: KafkaProducer, sentence: string): Promise<void> {
  const record = new TestRecord('t', 'late')
  expect(() => producer.beginTransaction()).toThrow(sentence)
  expect(() => producer.send(record, record)).toThrow(sentence)
  await expect(producer.commitTransaction()).rejects.toThrow(sentence)
  await expect(producer.abortTransaction()).rejects.toThrow(sentence)
  await expect(producer.sendOffsetsToTransaction(OFFSETS, anonymous)).rejects.toThrow(sentence)
  await producer.close()
}
