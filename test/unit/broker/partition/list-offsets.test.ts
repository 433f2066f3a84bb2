import { describe, expect, it } from 'vitest'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { ask } from '../../../support/broker/asking.ts'
import { batchOf, record } from '../../../support/record-batches.ts'
import { RecordBroker } from './record-broker.ts'

const TRANSACTIONAL = 0x10
const TIME = 1_700_000_000_000
const NOTHING = { errorCode: 0, offset: -1, timestamp: -1, leaderEpoch: -1 }

/** Three records, a second apart but for the middle one, which is the latest. */
function brokerWithRecords(): RecordBroker {
  const broker = new RecordBroker()
  for (const seconds of [0, 3, 2]) {
    const records = batchOf([record('a', { timestamp: TIME + seconds * 1000 })])
    broker.log(0).append(records)
  }
  return broker
}

describe('ListOffsets', () => {
  it.each([1, 2, 4, 6, 10])('gives the ends of the log, in version %i', async (version) => {
    const broker = brokerWithRecords()
    broker.log(0).deleteRecordsBefore(1)
    const leaderEpoch = version >= 4 ? 0 : -1
    expect(await broker.offset(-2, { version })).toEqual({ partitionIndex: 0, errorCode: 0, timestamp: -1, offset: 1, leaderEpoch })
    expect(await broker.offset(-1, { version })).toEqual({ partitionIndex: 0, errorCode: 0, timestamp: -1, offset: 3, leaderEpoch })
  })

  it('gives the first record of a time or later', async () => {
    const broker = brokerWithRecords()
    expect(await broker.offset(TIME)).toMatchObject({ offset: 0, timestamp: TIME, leaderEpoch: 0 })
    expect(await broker.offset(TIME + 1)).toMatchObject({ offset: 1, timestamp: TIME + 3000 })
    expect(await broker.offset(TIME + 3001)).toMatchObject(NOTHING)
  })

  it('gives the record with the latest time', async () => {
    expect(await brokerWithRecords().offset(-3)).toMatchObject({ offset: 1, timestamp: TIME + 3000 })
    expect(await new RecordBroker().offset(-3)).toMatchObject(NOTHING)
  })

  it('has no tier but the local one', async () => {
    expect(await brokerWithRecords().offset(-4)).toMatchObject({ errorCode: 0, offset: 0 })
    expect(await brokerWithRecords().offset(-5)).toMatchObject(NOTHING)
  })

  it.each([
    [-3, 6],
    [-4, 7],
    [-5, 8],
    [-6, 10],
    [-99, 10],
  ])('refuses the place %i in version %i', async (timestamp, version) => {
    expect(await brokerWithRecords().offset(timestamp, { version })).toMatchObject({ errorCode: Errors.UNSUPPORTED_VERSION, offset: -1 })
  })

  it('ends for readers of committed records where the first open transaction begins', async () => {
    const broker = brokerWithRecords()
    const open = batchOf([record('b', { timestamp: TIME + 9000 })], {
      attributes: TRANSACTIONAL,
      producer: { producerId: 7, producerEpoch: 0, baseSequence: 0 },
    })
    broker.log(0).append(open)
    expect(await broker.offset(-1, { isolationLevel: 1 })).toMatchObject({ offset: 3 })
    expect(await broker.offset(-1)).toMatchObject({ offset: 4 })
    expect(await broker.offset(TIME + 9000, { isolationLevel: 1 })).toMatchObject(NOTHING)
    expect(await broker.offset(TIME + 9000)).toMatchObject({ offset: 3 })
  })

  it('answers an unknown partition and an unknown leader with their errors', async () => {
    const broker = brokerWithRecords()
    expect(await broker.offset(-1, { partitionIndex: 8 })).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, offset: -1 })
    expect(await broker.offset(-1, { currentLeaderEpoch: 3 })).toMatchObject({ errorCode: Errors.UNKNOWN_LEADER_EPOCH })
    expect(await broker.offset(-1, { currentLeaderEpoch: 0 })).toMatchObject({ errorCode: Errors.NONE })
  })

  it('tells under which leader epoch the record was written, and of the end the one of now', async () => {
    const broker = brokerWithRecords()
    broker.log(0).beginLeaderEpoch()
    for (const timestamp of [-2, -3, TIME + 1]) expect(await broker.offset(timestamp)).toMatchObject({ leaderEpoch: 0 })
    expect(await broker.offset(-1)).toMatchObject({ offset: 3, leaderEpoch: 1 })
    expect(await broker.offset(-1, { currentLeaderEpoch: 0 })).toMatchObject({ errorCode: Errors.FENCED_LEADER_EPOCH, leaderEpoch: -1 })
  })

  it('refuses a partition that is named twice, and that alone', async () => {
    const broker = brokerWithRecords()
    const partitions = [1, 0, 1].map((partitionIndex) => ({ partitionIndex, timestamp: -1 }))
    const answer = await ask(broker.apis, 'ListOffsets', { replicaId: -1, topics: [{ name: 'orders', partitions }] }, { version: 6 })
    expect(answer!.topics[0]!.partitions.map(({ errorCode }) => errorCode)).toEqual([
      Errors.INVALID_REQUEST,
      Errors.NONE,
      Errors.INVALID_REQUEST,
    ])
  })
})

describe('DeleteRecords', () => {
  async function deleteBefore(broker: RecordBroker, offset: number, partitionIndex = 0) {
    const topics = [{ name: 'orders', partitions: [{ partitionIndex, offset }] }]
    const answer = await ask(broker.apis, 'DeleteRecords', { topics, timeoutMs: 100 }, { version: 2 })
    return answer!.topics[0]!.partitions[0]!
  }

  it('moves the start of the log', async () => {
    const broker = brokerWithRecords()
    expect(await deleteBefore(broker, 2)).toEqual({ partitionIndex: 0, lowWatermark: 2, errorCode: 0 })
    expect(broker.log(0).logStartOffset).toBe(2)
    expect(await deleteBefore(broker, 1)).toMatchObject({ lowWatermark: 2, errorCode: 0 })
  })

  it('forgets everything with -1', async () => {
    expect(await deleteBefore(brokerWithRecords(), -1)).toMatchObject({ lowWatermark: 3, errorCode: 0 })
  })

  it.each([4, -2])('refuses the offset %i, which is not in the log', async (offset) => {
    const broker = brokerWithRecords()
    expect(await deleteBefore(broker, offset)).toMatchObject({ lowWatermark: -1, errorCode: Errors.OFFSET_OUT_OF_RANGE })
    expect(broker.log(0).logStartOffset).toBe(0)
  })

  it('refuses an unknown partition', async () => {
    expect(await deleteBefore(brokerWithRecords(), 0, 5)).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
  })
})
