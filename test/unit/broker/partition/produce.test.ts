import { describe, expect, it } from 'vitest'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { ask } from '../../../support/broker/asking.ts'
import { batchOf, record } from '../../../support/record-batches.ts'
import { RecordBroker } from './record-broker.ts'

const TRANSACTIONAL = 0x10
const ZSTD = 4
const batch = (...values: string[]) => batchOf(values.map((value) => record(value)))
const transactional = () =>
  batchOf([record('a')], { attributes: TRANSACTIONAL, producer: { producerId: 7, producerEpoch: 0, baseSequence: 0 } })

describe('Produce', () => {
  it.each([3, 5, 8, 9, 12, 13])('appends and tells offsets, in version %i', async (version) => {
    const broker = new RecordBroker()
    expect(await broker.produce(batch('a', 'b'), {}, version)).toMatchObject({ index: 0, errorCode: 0, baseOffset: 0, logAppendTimeMs: -1 })
    expect(await broker.produce(batch('c'), { acks: 1 }, version)).toMatchObject({ errorCode: 0, baseOffset: 2 })
    expect(broker.log(0).logEndOffset).toBe(3)
  })

  it('answers each partition for itself', async () => {
    const broker = new RecordBroker()
    const topicData = [
      { name: 'orders', partitionData: [0, 5].map((index) => ({ index, records: batch('a') })) },
      { name: 'nobody', partitionData: [{ index: 0, records: batch('a') }] },
    ]
    const answer = await ask(broker.apis, 'Produce', { acks: -1, timeoutMs: 1, topicData }, { version: 9 })
    expect(answer?.responses.map(({ name, partitionResponses }) => [name, partitionResponses.map(({ errorCode }) => errorCode)])).toEqual([
      ['orders', [Errors.NONE, Errors.UNKNOWN_TOPIC_OR_PARTITION]],
      ['nobody', [Errors.UNKNOWN_TOPIC_OR_PARTITION]],
    ])
  })

  it('says of an unknown topic id that it is unknown', async () => {
    const broker = new RecordBroker()
    const topicData = [{ topicId: Buffer.alloc(16, 9).toString('base64url'), partitionData: [{ index: 0, records: batch('a') }] }]
    const answer = await ask(broker.apis, 'Produce', { acks: -1, timeoutMs: 1, topicData }, { version: 13 })
    expect(answer?.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_ID, baseOffset: -1 })
  })

  it.each([2, -2, 7])('refuses acks=%i and appends nothing', async (acks) => {
    const broker = new RecordBroker()
    expect(await broker.produce(batch('a'), { acks })).toMatchObject({
      errorCode: Errors.INVALID_REQUIRED_ACKS,
      baseOffset: -1,
      logStartOffset: -1,
    })
    expect(broker.log(0).logEndOffset).toBe(0)
  })

  it('has no answer for acks=0', async () => {
    const broker = new RecordBroker()
    expect(await broker.produce(batch('a'), { acks: 0 })).toBeNull()
    expect(broker.log(0).logEndOffset).toBe(1)
  })

  it('closes the connection of acks=0 after an error', async () => {
    const broker = new RecordBroker()
    await expect(broker.produce(batch('a'), { acks: 0 }, 9, 4)).rejects.toThrow('acks=0 to orders-4 failed with error 3')
  })

  it.each([
    ['no records', null, 9, Errors.INVALID_RECORD, 'must have at least one record batch'],
    ['no bytes', Buffer.alloc(0), 9, Errors.INVALID_RECORD, 'must have at least one record batch'],
    ['a batch that is cut off', batch('a').subarray(0, 40), 9, Errors.INVALID_RECORD, 'must have at least one record batch'],
    ['two batches', Buffer.concat([batch('a'), batch('b')]), 9, Errors.INVALID_RECORD, 'exactly one record batch'],
    ['a batch shorter than its header', withLength(batch('a'), 14), 9, Errors.CORRUPT_MESSAGE, ''],
    ['a batch with a length that nothing has', withLength(batch('a'), 13), 9, Errors.CORRUPT_MESSAGE, ''],
    ['an older format', withByte(batch('a'), 16, 1), 9, Errors.INVALID_RECORD, 'magic version 2'],
    ['no format', withByte(batch('a'), 16, 9), 9, Errors.CORRUPT_MESSAGE, ''],
    ['a wrong checksum', withByte(batch('a'), 20, 0), 9, Errors.CORRUPT_MESSAGE, ''],
    ['zstd before version 7', batchOf([record('a')], { attributes: ZSTD }), 6, Errors.UNSUPPORTED_COMPRESSION_TYPE, ''],
  ])('refuses %s', async (_what, records, version, errorCode, text) => {
    const broker = new RecordBroker()
    const answer = await broker.produce(records, {}, version)
    expect(answer?.errorCode).toBe(errorCode)
    expect(answer?.errorMessage ?? '').toContain(text)
    expect(broker.log(0).logEndOffset).toBe(0)
  })

  it('leaves out what is too short for another batch', async () => {
    const broker = new RecordBroker()
    expect(await broker.produce(Buffer.concat([batch('a'), Buffer.alloc(16)]))).toMatchObject({ errorCode: 0 })
    expect(broker.log(0).sizeBytes).toBe(batch('a').length)
  })

  it('names the records that a compacted topic cannot take', async () => {
    const broker = new RecordBroker()
    broker.topics.create('orders', 1, { 'cleanup.policy': ['compact'] })
    const answer = await broker.produce(batchOf([record('a', { key: Buffer.from('k') }), record('b')]))
    expect(answer).toMatchObject({ errorCode: Errors.INVALID_RECORD, recordErrors: [{ batchIndex: 1 }] })
    expect(answer?.errorMessage).toContain('1 record errors')
  })

  it('gives a batch that was sent again the offset it had', async () => {
    const broker = new RecordBroker()
    const sent = () => batchOf([record('a')], { producer: { producerId: 7, producerEpoch: 0, baseSequence: 0 } })
    await broker.produce(sent())
    await broker.produce(batch('b'))
    expect(await broker.produce(sent())).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(broker.log(0).logEndOffset).toBe(2)
  })

  it('wants as many replicas as the topic does when acks=all', async () => {
    const broker = new RecordBroker()
    broker.topics.get('orders')!.minInsyncReplicas = 2
    expect(await broker.produce(batch('a'))).toMatchObject({ errorCode: Errors.NOT_ENOUGH_REPLICAS })
    expect(await broker.produce(batch('a'), { acks: 1 })).toMatchObject({ errorCode: Errors.NONE, baseOffset: 0 })
  })

  it('answers when the records are synced, where every record is to be', async () => {
    const broker = new RecordBroker()
    broker.topics.create('orders', 1, { 'flush.messages': 1 })
    expect(await broker.produce(batch('a'))).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(broker.log(0).flushedOffset).toBe(1)
  })

  it('takes records of a transaction that the coordinator knows', async () => {
    const broker = new RecordBroker()
    expect(await broker.produce(transactional(), { transactionalId: 'pay' })).toMatchObject({ errorCode: 0 })
    expect(broker.log(0).lastStableOffset).toBe(0)
  })

  it('refuses records of a transaction without its id', async () => {
    const broker = new RecordBroker()
    expect(await broker.produce(transactional())).toMatchObject({ errorCode: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED })
  })

  it.each([
    [Errors.TRANSACTION_ABORTABLE, 10, Errors.INVALID_TXN_STATE],
    [Errors.TRANSACTION_ABORTABLE, 11, Errors.TRANSACTION_ABORTABLE],
    [Errors.PRODUCER_FENCED, 11, Errors.INVALID_PRODUCER_EPOCH],
    [Errors.INVALID_PRODUCER_ID_MAPPING, 11, Errors.INVALID_PRODUCER_ID_MAPPING],
    [Errors.CONCURRENT_TRANSACTIONS, 11, Errors.NOT_ENOUGH_REPLICAS],
  ])('when the coordinator says %i, version %i is told %i and nothing appended', async (verdict, version, errorCode) => {
    const broker = new RecordBroker()
    broker.verdict = verdict
    expect(await broker.produce(transactional(), { transactionalId: 'pay' }, version)).toMatchObject({ errorCode })
    expect(broker.log(0).logEndOffset).toBe(0)
  })
})

function withLength(bytes: Buffer, length: number): Buffer {
  bytes.writeInt32BE(length, 8)
  return bytes
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value
  return bytes
}
