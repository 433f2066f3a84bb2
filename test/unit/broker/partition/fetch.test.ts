import { describe, expect, it } from 'vitest'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { ask } from '../../../support/broker/asking.ts'
import { settled } from '../../../support/broker/manual-clock.ts'
import { batchOf, readAll, record } from '../../../support/record-batches.ts'
import { RecordBroker, type FetchChanges } from './record-broker.ts'

const TRANSACTIONAL = 0x10

function append(broker: RecordBroker, value: string, partition = 0): void {
  broker.log(partition).append(batchOf([record(value)]))
}

function appendInTransaction(broker: RecordBroker, value: string, baseSequence = 0): void {
  const producer = { producerId: 7, producerEpoch: 0, baseSequence }
  broker.log(0).append(batchOf([record(value)], { attributes: TRANSACTIONAL, producer }))
}

const valuesOf = (records: Buffer | null) => readAll(records!).map(({ value }) => String(value))

/** A fetch under way, and whether it was answered. */
function waitingFetch(broker: RecordBroker, changes: FetchChanges = {}) {
  const fetch = { isAnswered: false, answer: broker.fetch(changes) }
  void fetch.answer.then(() => (fetch.isAnswered = true))
  return fetch
}

describe('Fetch', () => {
  it.each([4, 5, 7, 9, 11, 12, 13, 15, 17])('reads whole batches, in version %i', async (version) => {
    const broker = new RecordBroker()
    append(broker, 'a')
    append(broker, 'b')
    const partition = await broker.fetch({ version, offset: 1 })
    expect(partition).toMatchObject({ partitionIndex: 0, errorCode: 0, highWatermark: 2, lastStableOffset: 2, abortedTransactions: null })
    expect(valuesOf(partition.records)).toEqual(['b'])
  })

  it('gives the first batch whole, however small the limits', async () => {
    const broker = new RecordBroker()
    append(broker, 'a')
    append(broker, 'b')
    expect(valuesOf((await broker.fetch({ maxBytes: 1 })).records)).toEqual(['a'])
    expect(valuesOf((await broker.fetch({ partitionMaxBytes: 1 })).records)).toEqual(['a'])
  })

  it('gives no second partition when the first took what the request allows', async () => {
    const broker = new RecordBroker()
    append(broker, 'a', 0)
    append(broker, 'b', 1)
    const partitions = [0, 1].map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1000 }))
    const topics = [{ topic: 'orders', partitions }]
    const small = await broker.fetchAnswer({ maxBytes: 10, topics })
    expect(small.responses[0]!.partitions.map(({ records }) => records!.length > 0)).toEqual([true, false])
    expect(small.responses[0]!.partitions[1]).toMatchObject({ errorCode: 0, highWatermark: 1 })
    const almost = await broker.fetchAnswer({ maxBytes: small.responses[0]!.partitions[0]!.records!.length * 2 - 1, topics })
    expect(almost.responses[0]!.partitions.map(({ records }) => records!.length > 0)).toEqual([true, false])
    const large = await broker.fetchAnswer({ maxBytes: 10_000, topics })
    expect(large.responses[0]!.partitions.map(({ records }) => records!.length > 0)).toEqual([true, true])
  })

  it('answers errors at once, beside what others have', async () => {
    const broker = new RecordBroker()
    append(broker, 'a')
    const partitions = [
      { partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 },
      { partition: 1, fetchOffset: 5, partitionMaxBytes: 1000 },
      { partition: 9, fetchOffset: 0, partitionMaxBytes: 1000 },
    ]
    const topics = [
      { topic: 'orders', partitions },
      { topic: 'nobody', partitions: partitions.slice(0, 1) },
    ]
    const answer = await broker.fetchAnswer({ minBytes: 100_000, topics })
    const codes = answer.responses.map((topic) => topic.partitions.map(({ errorCode }) => errorCode))
    expect(codes).toEqual([
      [Errors.NONE, Errors.OFFSET_OUT_OF_RANGE, Errors.UNKNOWN_TOPIC_OR_PARTITION],
      [Errors.UNKNOWN_TOPIC_OR_PARTITION],
    ])
    expect(answer.responses[0]!.partitions[1]).toMatchObject({ highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 })
  })

  it('says of an unknown topic id that it is unknown', async () => {
    const broker = new RecordBroker()
    const topicId = Buffer.alloc(16, 9).toString('base64url')
    const topics = [{ topicId, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }]
    const answer = await broker.fetchAnswer({ version: 13, topics })
    expect(answer.responses[0]).toMatchObject({ topicId, partitions: [{ errorCode: Errors.UNKNOWN_TOPIC_ID }] })
  })

  it.each([
    [{ currentLeaderEpoch: 0 }, Errors.NONE],
    [{ currentLeaderEpoch: 3 }, Errors.UNKNOWN_LEADER_EPOCH],
    [{ lastFetchedEpoch: 0 }, Errors.NONE],
    [{ lastFetchedEpoch: 2 }, Errors.OFFSET_OUT_OF_RANGE],
  ])('with %o the answer is error %i', async (epochs, errorCode) => {
    const broker = new RecordBroker()
    append(broker, 'a')
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000, ...epochs }]
    expect(await broker.fetch({ topics: [{ topic: 'orders', partitions }] })).toMatchObject({ errorCode })
  })

  it.each([15, 17])('tells a reader that knows an older leader epoch the one of now, and the leader (version %i)', async (version) => {
    const broker = new RecordBroker()
    broker.log(0).beginLeaderEpoch()
    const topicId = broker.topics.get('orders')!.id
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000, currentLeaderEpoch: 0 }]
    const answer = await broker.fetchAnswer({ version, topics: [{ topicId, partitions }] })
    const isTold = version >= 16
    expect(answer.responses[0]!.partitions[0]).toMatchObject({
      errorCode: Errors.FENCED_LEADER_EPOCH,
      currentLeader: isTold ? { leaderId: 1, leaderEpoch: 1 } : { leaderId: -1, leaderEpoch: -1 },
    })
    expect(answer.nodeEndpoints).toEqual(isTold ? [{ nodeId: 1, host: 'broker', port: 9092, rack: null }] : [])
  })

  it.each([
    // epoch 0 ends at 2, epoch 2 at 3; the log starts at 1
    [0, 2, { divergingEpoch: { epoch: -1, endOffset: -1 } }],
    [0, 3, { divergingEpoch: { epoch: 0, endOffset: 2 }, highWatermark: 3, lastStableOffset: 3, logStartOffset: 1 }],
    [1, 2, { divergingEpoch: { epoch: 0, endOffset: 2 } }],
    [2, 3, { divergingEpoch: { epoch: -1, endOffset: -1 } }],
    [2, 4, { divergingEpoch: { epoch: 2, endOffset: 3 } }],
    [3, 3, { errorCode: Errors.OFFSET_OUT_OF_RANGE }],
    [0, 0, { errorCode: Errors.OFFSET_OUT_OF_RANGE }],
  ])('tells who has fetched epoch %i up to offset %i where the log parted from that', async (lastFetchedEpoch, fetchOffset, want) => {
    const broker = new RecordBroker()
    for (const value of ['a', 'b']) append(broker, value)
    broker.log(0).beginLeaderEpoch()
    broker.log(0).beginLeaderEpoch()
    append(broker, 'c')
    broker.log(0).deleteRecordsBefore(1)
    const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1000, lastFetchedEpoch }]
    const answer = broker.fetch({ topics: [{ topic: 'orders', partitions }], maxWaitMs: 0 })
    expect(await answer).toMatchObject({ errorCode: 0, ...want })
  })

  it('tells readers that no session was opened', async () => {
    const broker = new RecordBroker()
    append(broker, 'a')
    for (const [sessionId, sessionEpoch] of [
      [0, 0],
      [0, -1],
      [77, -1],
      [77, 0],
    ] as const)
      expect(await broker.fetchAnswer({ sessionId, sessionEpoch })).toMatchObject({ errorCode: 0, sessionId: 0, responses: [{}] })
  })

  it('refuses to go on with a session, so that the reader names all its partitions again', async () => {
    const broker = new RecordBroker()
    const answer = await broker.fetchAnswer({ sessionId: 77, sessionEpoch: 1, topics: [] })
    expect(answer).toMatchObject({ errorCode: Errors.FETCH_SESSION_ID_NOT_FOUND, sessionId: 0, responses: [] })
  })

  it('answers a fetch of nothing at once', async () => {
    expect(await new RecordBroker().fetchAnswer({ topics: [] })).toMatchObject({ errorCode: 0, responses: [] })
  })
})

describe('a fetch that waits', () => {
  it('is answered with what is appended', async () => {
    const broker = new RecordBroker()
    const fetch = waitingFetch(broker)
    await settled()
    expect(fetch.isAnswered).toBe(false)
    append(broker, 'a', 1)
    await settled()
    expect(fetch.isAnswered).toBe(false)
    append(broker, 'a', 0)
    append(broker, 'b', 0)
    expect(valuesOf((await fetch.answer).records)).toEqual(['a', 'b'])
    expect(broker.clock.pending).toBe(0)
  })

  it('is answered empty when its time is over', async () => {
    const broker = new RecordBroker()
    const fetch = waitingFetch(broker, { maxWaitMs: 100 })
    await broker.clock.advance(99)
    expect(fetch.isAnswered).toBe(false)
    await broker.clock.advance(1)
    expect(await fetch.answer).toMatchObject({ errorCode: 0, highWatermark: 0, records: Buffer.alloc(0) })
  })

  it('does not wait with a time of 0', async () => {
    expect(await new RecordBroker().fetch({ maxWaitMs: 0 })).toMatchObject({ errorCode: 0, records: Buffer.alloc(0) })
  })

  it('waits until it has as much as it wants, from all its partitions', async () => {
    const broker = new RecordBroker()
    const size = batchOf([record('a')]).length
    const partitions = [0, 1].map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 10_000 }))
    append(broker, 'a', 0)
    const fetch = waitingFetch(broker, { minBytes: 3 * size, topics: [{ topic: 'orders', partitions }] })
    await settled()
    append(broker, 'b', 1)
    await settled()
    expect(fetch.isAnswered).toBe(false)
    append(broker, 'c', 0)
    expect(valuesOf((await fetch.answer).records)).toEqual(['a', 'c'])
  })

  it('gives what there is when the time is over', async () => {
    const broker = new RecordBroker()
    append(broker, 'a')
    const fetch = waitingFetch(broker, { minBytes: 10_000, maxWaitMs: 100 })
    await broker.clock.advance(100)
    expect(valuesOf((await fetch.answer).records)).toEqual(['a'])
  })

  it('of committed records waits for the end of the transaction', async () => {
    const broker = new RecordBroker()
    const fetch = waitingFetch(broker, { isolationLevel: 1 })
    const uncommitted = waitingFetch(broker, { isolationLevel: 0 })
    await settled()
    appendInTransaction(broker, 'a')
    expect(valuesOf((await uncommitted.answer).records)).toEqual(['a'])
    expect(fetch.isAnswered).toBe(false)
    broker.log(0).appendMarker(7, 0, 'commit', 0)
    const partition = await fetch.answer
    expect(partition).toMatchObject({ highWatermark: 2, lastStableOffset: 2, abortedTransactions: [] })
    expect(partition.records!.length).toBeGreaterThan(0)
  })

  it('is told when its topic is deleted', async () => {
    const broker = new RecordBroker()
    const fetch = waitingFetch(broker)
    await settled()
    const log = broker.log(0)
    broker.topics.delete('orders')
    broker.waiting.removed(log)
    expect(await fetch.answer).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
  })

  it('is forgotten when its client goes', async () => {
    const broker = new RecordBroker()
    const connection = new AbortController()
    const fetch = waitingFetch(broker, { closed: connection.signal, maxWaitMs: 1_000_000 })
    await settled()
    expect(broker.clock.pending).toBe(1)
    connection.abort()
    await fetch.answer
    expect(broker.clock.pending).toBe(0)
  })

  it('is answered when the broker stops, and none waits behind that', async () => {
    const broker = new RecordBroker()
    const fetch = waitingFetch(broker)
    await settled()
    broker.waiting.close()
    expect(await fetch.answer).toMatchObject({ errorCode: 0 })
    expect(await broker.fetch()).toMatchObject({ errorCode: 0 })
    expect(broker.clock.pending).toBe(0)
  })
})

describe('a reader of committed records', () => {
  it('sees nothing of an open transaction, and is told which were aborted', async () => {
    const broker = new RecordBroker()
    appendInTransaction(broker, 'a')
    broker.log(0).appendMarker(7, 0, 'abort', 0)
    append(broker, 'b')
    appendInTransaction(broker, 'c', 1)
    const committed = await broker.fetch({ isolationLevel: 1 })
    expect(committed).toMatchObject({ highWatermark: 4, lastStableOffset: 3, abortedTransactions: [{ producerId: 7, firstOffset: 0 }] })
    const all = await broker.fetch({ isolationLevel: 0 })
    expect(all.abortedTransactions).toBeNull()
    expect(all.records!.length).toBeGreaterThan(committed.records!.length)
  })
})

describe('OffsetForLeaderEpoch', () => {
  it.each([
    [0, -1, 0, { errorCode: 0, leaderEpoch: 0, endOffset: 1 }],
    [0, 0, 0, { errorCode: 0, leaderEpoch: 0, endOffset: 1 }],
    [0, 0, 5, { errorCode: 0, leaderEpoch: -1, endOffset: -1 }],
    [0, 4, 0, { errorCode: Errors.UNKNOWN_LEADER_EPOCH, leaderEpoch: -1, endOffset: -1 }],
    [6, 0, 0, { errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, leaderEpoch: -1, endOffset: -1 }],
  ])('of partition %i, with leader %i known, the end of epoch %i is %o', async (partition, currentLeaderEpoch, leaderEpoch, expected) => {
    const broker = new RecordBroker()
    append(broker, 'a')
    const topics = [{ topic: 'orders', partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }]
    const answer = await ask(broker.apis, 'OffsetForLeaderEpoch', { replicaId: -1, topics }, { version: 4 })
    expect(answer!.topics[0]!.partitions[0]).toEqual({ partition, ...expected })
  })
})

describe('DescribeProducers', () => {
  it('names those who wrote, and their open transactions', async () => {
    const broker = new RecordBroker()
    append(broker, 'a')
    appendInTransaction(broker, 'b')
    const answer = await ask(broker.apis, 'DescribeProducers', { topics: [{ name: 'orders', partitionIndexes: [0, 9] }] }, { version: 0 })
    const [known, unknown] = answer!.topics[0]!.partitions
    expect(known!.activeProducers).toMatchObject([{ producerId: 7, producerEpoch: 0, lastSequence: 0, currentTxnStartOffset: 1 }])
    expect(unknown).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, activeProducers: [] })
  })
})
