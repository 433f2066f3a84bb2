import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KafkaError } from '../../../../src/kafka/errors.ts'
import type { ConsumerRecord } from '../../../../src/kafka/ports.ts'
import { RECORDS } from '../../../../src/kafka/record/batch-format.ts'
import { COMPRESSION_TYPES } from '../../../../src/kafka/record/compression-type.ts'
import { batchOf, cursorOver, type PlainRecord, readAll, withCrc } from '../../../support/record-batches.ts'

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const maybeBytes = fc.option(bytes)
const header = fc.record({ key: fc.string({ unit: 'binary', maxLength: 20 }), value: maybeBytes })
const plainRecord: fc.Arbitrary<PlainRecord> = fc.record({
  timestamp: fc.oneof(fc.constant(-1), fc.constant(0), fc.nat(), fc.integer({ min: 0, max: 2 ** 52 })),
  key: maybeBytes,
  value: maybeBytes,
  headers: fc.array(header, { maxLength: 4 }),
})
const records = fc.array(plainRecord, { minLength: 1, maxLength: 40 })
const compression = fc.constantFrom(...COMPRESSION_TYPES).map((type) => ({ type }))

describe('any records (K45)', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(records, compression, fc.nat(), (written, compression, baseOffset) => {
        const read = readAll(batchOf(written, { compression, baseOffset }), { fetchOffset: baseOffset })
        expect(read).toEqual(written.map((plain, index) => ({ ...plain, offset: baseOffset + index })))
      }),
    )
  })
})

describe('any bytes (K45)', () => {
  it('that were cut off give fewer records or an error', () => {
    fc.assert(
      fc.property(records, compression, fc.nat(), (written, compression, cut) => {
        const batch = batchOf(written, { compression })
        const both = Buffer.concat([batch, batchOf(written, { compression, baseOffset: written.length })])
        const count = readOrFail(both.subarray(0, cut % both.length))
        expect(count === null || count === 0 || count === written.length).toBe(true)
      }),
    )
  })

  it('in a batch with a good checksum give records or an error', () => {
    fc.assert(
      fc.property(records, compression, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1 }), (written, compression, changes) => {
        const batch = batchOf(written, { compression })
        for (const [at, byte] of changes) batch[RECORDS + (at % (batch.length - RECORDS))] = byte
        readOrFail(withCrc(batch))
      }),
      { numRuns: 500 },
    )
  })

  it('in the header give records or an error, with and without the checksum', () => {
    fc.assert(
      fc.property(records, fc.nat(RECORDS - 1), fc.nat(255), fc.boolean(), (written, at, byte, checkCrcs) => {
        const batch = batchOf(written)
        batch[at] = byte
        readOrFail(batch, checkCrcs)
      }),
      { numRuns: 500 },
    )
  })

  it('at all give nothing or an error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => void readOrFail(Buffer.from(any), false)))
  })
})

/** @returns how many records there are; null for an error of ours. Anything else thrown fails the test, and so does reading on for ever. */
function readOrFail(batch: Buffer, checkCrcs = true): number | null {
  const cursor = cursorOver(batch, { checkCrcs, isolation: 'read_committed', abortedTransactions: [{ producerId: 0, firstOffset: 0 }] })
  let count = 0
  try {
    for (let call = 0; !cursor.isDrained; call++) {
      if (call > batch.length) throw new Error('The cursor does not come to an end')
      for (const read of cursor.take(7)) count += partsOf(read).length > 0 ? 1 : 0
    }
    return count
  } catch (error) {
    if (error instanceof KafkaError) return null
    throw error
  }
}

/** Has every lazy part made. */
function partsOf({ key, value, headers, timestamp }: ConsumerRecord): unknown[] {
  return [key, value, headers, timestamp]
}
