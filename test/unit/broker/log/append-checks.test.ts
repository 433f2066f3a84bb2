import { describe, expect, it } from 'vitest'
import { BatchView } from '../../../../src/broker/log/batch-view.ts'
import type { PartitionLog } from '../../../../src/broker/log/partition-log.ts'
import { ApiError, Errors, type ErrorNumber } from '../../../../src/broker/protocol/errors.ts'
import {
  BASE_OFFSET,
  BATCH_LENGTH,
  CONTROL,
  CRC,
  LAST_OFFSET_DELTA,
  LOG_APPEND_TIME,
  MAGIC,
  MAX_TIMESTAMP,
  RECORD_COUNT,
  writeInt64,
} from '../../../../src/kafka/record/batch-format.ts'
import { COMPRESSION_TYPES } from '../../../../src/kafka/record/compression-type.ts'
import { crc32c } from '../../../../src/kafka/record/crc32c.ts'
import { batchOf, readAll, record, withCrc } from '../../../support/record-batches.ts'
import { openLog, readRecords, RECORD_TIME } from './log-fixture.ts'

/** The error an append ends with; fails when it is taken. */
function refusal(log: PartitionLog, batch: Buffer): ApiError & { recordErrors?: readonly { batchIndex: number }[] } {
  const before = [log.logEndOffset, log.sizeBytes]
  try {
    log.append(batch)
  } catch (error) {
    expect([log.logEndOffset, log.sizeBytes]).toEqual(before)
    return error as ApiError
  }
  throw new Error('the batch was taken')
}

function changed(change: (batch: Buffer) => void, isSealed = true): Buffer {
  const batch = batchOf([record('a', { key: Buffer.from('k') }), record('b', { key: Buffer.from('k') })])
  change(batch)
  return isSealed ? withCrc(batch) : batch
}

const one = () => batchOf([record('a')])

describe('append refuses', () => {
  const cases: [string, ErrorNumber, Buffer][] = [
    ['no bytes', Errors.INVALID_RECORD, Buffer.alloc(0)],
    ['a batch of magic 1', Errors.INVALID_RECORD, changed((batch) => (batch[MAGIC] = 1))],
    ['a batch of magic 0', Errors.INVALID_RECORD, changed((batch) => (batch[MAGIC] = 0))],
    ['two batches', Errors.INVALID_RECORD, Buffer.concat([one(), one()])],
    ['a batch longer than its bytes', Errors.CORRUPT_MESSAGE, changed((batch) => batch.writeInt32BE(10_000, BATCH_LENGTH))],
    ['a batch shorter than a header', Errors.CORRUPT_MESSAGE, changed((batch) => batch.writeInt32BE(20, BATCH_LENGTH))],
    ['a negative length', Errors.CORRUPT_MESSAGE, changed((batch) => batch.writeInt32BE(-5, BATCH_LENGTH))],
    ['a wrong checksum', Errors.CORRUPT_MESSAGE, changed((batch) => batch.writeUInt32BE(1, CRC), false)],
    ['a base offset other than 0', Errors.INVALID_RECORD, changed((batch) => writeInt64(batch, BASE_OFFSET, 5))],
    ['a count of records other than its offsets', Errors.INVALID_RECORD, changed((batch) => batch.writeInt32BE(3, RECORD_COUNT))],
    ['offsets other than its count', Errors.INVALID_RECORD, changed((batch) => batch.writeInt32BE(5, LAST_OFFSET_DELTA))],
    ['a negative offset range', Errors.INVALID_RECORD, changed((batch) => batch.writeInt32BE(-1, LAST_OFFSET_DELTA))],
    ['no records', Errors.INVALID_RECORD, changed((batch) => batch.writeInt32BE(0, RECORD_COUNT))],
    [
      'more records than there are',
      Errors.INVALID_RECORD,
      changed((batch) => {
        batch.writeInt32BE(3, RECORD_COUNT)
        batch.writeInt32BE(2, LAST_OFFSET_DELTA)
      }),
    ],
    [
      'fewer records than there are',
      Errors.INVALID_RECORD,
      changed((batch) => {
        batch.writeInt32BE(1, RECORD_COUNT)
        batch.writeInt32BE(0, LAST_OFFSET_DELTA)
      }),
    ],
    ['records that are cut off', Errors.INVALID_RECORD, changed((batch) => (batch[61] = 127))],
    ['a control batch', Errors.INVALID_RECORD, batchOf([record('a')], { attributes: CONTROL })],
    ['an unknown codec', Errors.UNSUPPORTED_COMPRESSION_TYPE, batchOf([record('a')], { attributes: 5 })],
    ['compressed bytes that are none', Errors.INVALID_RECORD, batchOf([record('a')], { attributes: 1 })],
    [
      'an idempotent batch without sequence',
      Errors.INVALID_RECORD,
      batchOf([record('a')], { producer: { producerId: 4, producerEpoch: 0, baseSequence: -1 } }),
    ],
  ]
  it.each(cases)('%s', (_name, error, batch) => {
    expect(refusal(openLog(), batch).error).toBe(error)
  })

  it('a batch larger than max.message.bytes, and takes one as large', () => {
    const batch = batchOf([record('x'.repeat(500))])
    const tooSmall = openLog({ config: { 'max.message.bytes': batch.length - 1 } })
    expect(refusal(tooSmall, Buffer.from(batch)).error).toBe(Errors.MESSAGE_TOO_LARGE)
    expect(openLog({ config: { 'max.message.bytes': batch.length } }).append(batch).baseOffset).toBe(0)
  })

  it('a batch larger than a segment', () => {
    expect(refusal(openLog({ config: { 'segment.bytes': 100 } }), batchOf([record('x'.repeat(500))])).error).toBe(
      Errors.RECORD_LIST_TOO_LARGE,
    )
  })

  it('records without key in a compacted topic, and says which', () => {
    const log = openLog({ config: { 'cleanup.policy': ['compact'] } })
    const error = refusal(log, batchOf([record('a', { key: Buffer.from('k') }), record('b'), record('c')]))
    expect(error.error).toBe(Errors.INVALID_RECORD)
    expect(error.recordErrors).toEqual([1, 2].map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: expect.any(String) as string })))
  })

  it('timestamps too far from the clock, but not missing ones', () => {
    const log = openLog({ config: { 'message.timestamp.before.max.ms': 1000, 'message.timestamp.after.max.ms': 2000 } })
    const at = (...timestamps: number[]) => batchOf(timestamps.map((timestamp) => record('a', { timestamp })))
    const tooOld = refusal(log, at(RECORD_TIME, RECORD_TIME - 1001))
    expect([tooOld.error, tooOld.recordErrors?.map(({ batchIndex }) => batchIndex)]).toEqual([Errors.INVALID_TIMESTAMP, [1]])
    expect(refusal(log, at(RECORD_TIME + 2001)).error).toBe(Errors.INVALID_TIMESTAMP)
    expect(log.append(at(RECORD_TIME - 1000, RECORD_TIME + 2000)).baseOffset).toBe(0)
    expect(log.append(at(-1)).baseOffset).toBe(2)
    expect(log.append(at(-1, RECORD_TIME)).baseOffset).toBe(3)
  })

  it('a batch that says it was stamped by a broker, where the broker stamps', () => {
    const log = openLog({ config: { 'message.timestamp.type': 'LogAppendTime' } })
    expect(refusal(log, batchOf([record('a')], { attributes: LOG_APPEND_TIME })).error).toBe(Errors.INVALID_TIMESTAMP)
  })
})

describe('append', () => {
  it('stores a batch byte for byte but for its offset and leader epoch', async () => {
    const log = openLog()
    log.append(batchOf([record('first')]))
    const batch = batchOf([record('a'), record('b', { headers: [{ key: 'h', value: Buffer.from('v') }] })])
    const want = Buffer.from(batch)
    want.writeInt32BE(1, BASE_OFFSET + 4)
    want.writeInt32BE(0, 12)
    log.append(batch)
    const { records } = await log.read(1, 1000, { isolation: 'read_uncommitted', minOneBatch: true })
    expect(Buffer.from(records as Buffer).equals(want)).toBe(true)
  })

  it('stamps batches with LogAppendTime, and seals them again', async () => {
    const log = openLog({ now: () => RECORD_TIME + 77, config: { 'message.timestamp.type': 'LogAppendTime' } })
    expect(log.append(batchOf([record('a'), record('b')])).logAppendTime).toBe(RECORD_TIME + 77)
    expect((await readRecords(log, 0)).map(({ timestamp }) => timestamp)).toEqual([RECORD_TIME + 77, RECORD_TIME + 77])
    expect(await log.offsetForTime(RECORD_TIME + 77)).toEqual({ offset: 0, timestamp: RECORD_TIME + 77 })
  })

  it('corrects a wrong largest timestamp, and seals the batch again', async () => {
    const log = openLog()
    log.append(changed((batch) => writeInt64(batch, MAX_TIMESTAMP, 5)))
    const { records } = await log.read(0, 1000, { isolation: 'read_uncommitted', minOneBatch: true })
    const batch = new BatchView().at(records as Buffer, 0)
    expect(batch.maxTimestamp).toBe(RECORD_TIME)
    expect(batch.crc).toBe(crc32c(batch.buffer.subarray(21)))
  })

  const codecs = COMPRESSION_TYPES.flatMap((from) => COMPRESSION_TYPES.map((to) => [from, to] as const))
  it.each(codecs)('stores %s as the topic asks: %s', async (from, to) => {
    const log = openLog({ config: { 'compression.type': to === 'none' ? 'uncompressed' : to } })
    const records = Array.from({ length: 20 }, (_, index) => record(`value ${index}`, { timestamp: RECORD_TIME + index }))
    log.append(batchOf(records, { compression: { type: from } }))
    const read = await log.read(0, 100_000, { isolation: 'read_uncommitted', minOneBatch: true })
    expect(new BatchView().at(read.records as Buffer, 0).codec).toBe(COMPRESSION_TYPES.indexOf(to))
    expect(readAll(read.records as Buffer).map(({ value, timestamp }) => [String(value), timestamp])).toEqual(
      records.map(({ value, timestamp }) => [String(value), timestamp]),
    )
  })

  it('numbers records by their place when their own numbers are wrong', async () => {
    const batch = batchOf([record('a'), record('b')])
    const secondDelta = batch.indexOf(Buffer.from('b')) - 3
    expect(batch[secondDelta]).toBe(2)
    batch[secondDelta] = 14
    const log = openLog()
    log.append(withCrc(batch))
    expect((await readRecords(log, 0)).map(({ offset }) => offset)).toEqual([0, 1])
  })
})
