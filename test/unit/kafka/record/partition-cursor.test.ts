import { describe, expect, it } from 'vitest'
import { KafkaError } from '../../../../src/kafka/errors.ts'
import {
  BATCH_LENGTH,
  CONTROL,
  CRC,
  LAST_OFFSET_DELTA,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP,
  PARTITION_LEADER_EPOCH,
  RECORD_COUNT,
  RECORDS,
  TRANSACTIONAL,
  writeInt64,
} from '../../../../src/kafka/record/batch-format.ts'
import { COMPRESSION_TYPES } from '../../../../src/kafka/record/compression-type.ts'
import { batchOf, cursorOver, readAll, record, withCrc } from '../../../support/record-batches.ts'

const three = [record('a'), record('b'), record('c')]

function values(bytes: Buffer, options = {}): (string | undefined)[] {
  return readAll(bytes, options).map(({ value }) => value?.toString())
}

describe('taking records', () => {
  const bytes = Buffer.concat([batchOf(three, { baseOffset: 10 }), batchOf(three, { baseOffset: 13 })])

  it('goes on where the last take ended, across batches', () => {
    const cursor = cursorOver(bytes, { fetchOffset: 10 })
    const taken: number[][] = []
    const next: number[] = []
    while (!cursor.isDrained) {
      taken.push(cursor.take(2).map(({ offset }) => offset))
      next.push(cursor.nextOffset)
    }
    expect(taken).toEqual([
      [10, 11],
      [12, 13],
      [14, 15],
    ])
    expect(next).toEqual([12, 14, 16])
  })

  it('skips what a batch has before the position (K14)', () => {
    const cursor = cursorOver(bytes, { fetchOffset: 12 })
    expect(cursor.take(100).map(({ offset }) => offset)).toEqual([12, 13, 14, 15])
  })

  it('does not read a batch that lies wholly before the position', () => {
    const damaged = batchOf(three, { compression: { type: 'gzip' } })
    withCrc(damaged.fill(0xff, RECORDS))
    const cursor = cursorOver(Buffer.concat([damaged, batchOf(three, { baseOffset: 3 })]), { fetchOffset: 3 })
    expect(cursor.take(100)).toHaveLength(3)
  })

  it('tells the leader epoch of each batch that is read or passed over, when that happens', () => {
    const ofEpoch = (epoch: number, batch: Buffer) => {
      batch.writeInt32BE(epoch, PARTITION_LEADER_EPOCH) // not among what the checksum covers
      return batch
    }
    const told: string[] = []
    const cursor = cursorOver(
      Buffer.concat([
        ofEpoch(1, batchOf(three, { baseOffset: 7 })), // before the position
        ofEpoch(2, batchOf(three, { baseOffset: 10 })),
        ofEpoch(3, batchOf(three, { baseOffset: 13, attributes: CONTROL })),
        ofEpoch(4, batchOf(three, { baseOffset: 16 })),
      ]),
      { fetchOffset: 11, epochs: { entered: (epoch, baseOffset) => void told.push(`${epoch}@${baseOffset}`) } },
    )
    for (const next of [12, 16, 17]) {
      cursor.take(1)
      expect(cursor.nextOffset).toBe(next)
      told.push(`next ${next}`)
    }
    expect(told).toEqual(['2@10', 'next 12', '3@13', 'next 16', '4@16', 'next 17'])
  })

  it('keeps the offsets that compaction left', () => {
    const bytes = batchOf(three, { baseOffset: 100, lastOffsetDelta: 50 })
    const cursor = cursorOver(bytes, { fetchOffset: 90 })
    expect(cursor.take(100).map(({ offset }) => offset)).toEqual([100, 101, 102])
    expect(cursor.nextOffset).toBe(151)
  })

  it('is exact for offsets beyond 2^31', () => {
    const baseOffset = 2 ** 45 + 1
    const cursor = cursorOver(batchOf(three, { baseOffset }), { fetchOffset: baseOffset })
    expect(cursor.take(100).at(-1)?.offset).toBe(2 ** 45 + 3)
    expect(cursor.nextOffset).toBe(2 ** 45 + 4)
  })

  it('reads a part of a larger response', () => {
    const response = Buffer.concat([Buffer.alloc(33, 0xff), batchOf(three), Buffer.alloc(50, 0xff)])
    expect(cursorOver(response.subarray(33, -50)).take(100)).toHaveLength(3)
  })

  it('has nothing to take from an empty response', () => {
    const cursor = cursorOver(Buffer.alloc(0), { fetchOffset: 7 })
    expect(cursor.isDrained).toBe(true)
    expect(cursor.take(100)).toEqual([])
    expect(cursor.nextOffset).toBe(7)
  })

  it.each(COMPRESSION_TYPES)('inflates %s', (type) => {
    expect(values(batchOf(three, { compression: { type } }))).toEqual(['a', 'b', 'c'])
  })
})

describe('a record', () => {
  it('has views on the response, made once', () => {
    const bytes = batchOf([record('value', { key: Buffer.from('key'), headers: [{ key: 'h', value: Buffer.from('v') }] })])
    const [read] = cursorOver(bytes).take(1)
    expect(read?.key?.buffer).toBe(bytes.buffer)
    expect(read?.headers[0]?.value?.buffer).toBe(bytes.buffer)
    expect(read?.value).toBe(read?.value)
    expect(read?.headers).toBe(read?.headers)
    expect(read).toMatchObject({ topic: 'orders', partition: 3, offset: 0, timestamp: 1_700_000_000_000, timestampType: 'CreateTime' })
  })

  it('shares one empty list when there are no headers', () => {
    const [first, second] = cursorOver(batchOf(three)).take(2)
    expect(first?.headers).toEqual([])
    expect(first?.headers).toBe(second?.headers)
  })

  it('keeps order, duplicates, null and empty values and non-ASCII names of headers (K12)', () => {
    const headers = [
      { key: 'b', value: Buffer.from('1') },
      { key: 'a', value: null },
      { key: 'b', value: Buffer.alloc(0) },
      { key: 'naïve 名前', value: Buffer.from([0xff, 0]) },
      { key: '', value: Buffer.alloc(300, 'x') },
    ]
    expect(readAll(batchOf([record('x', { headers })]))[0]?.headers).toEqual(headers)
  })

  it.each([[[0, -1, 5]], [[-1, 0, 2 ** 50]], [[1_700_000_000_000, 0, 1_699_999_999_999]], [[2 ** 53 - 1, -1]]])(
    'keeps timestamps %j (K12)',
    (timestamps) => {
      const read = readAll(batchOf(timestamps.map((timestamp) => record('x', { timestamp }))))
      expect(read.map(({ timestamp }) => timestamp)).toEqual(timestamps)
    },
  )

  it('has the time of the broker on a LogAppendTime topic', () => {
    const bytes = batchOf(three, { attributes: LOG_APPEND_TIME })
    writeInt64(bytes, MAX_TIMESTAMP, 1_800_000_000_123)
    const records = cursorOver(withCrc(bytes)).take(3)
    expect(records.map(({ timestamp }) => timestamp)).toEqual([1_800_000_000_123, 1_800_000_000_123, 1_800_000_000_123])
    expect(records[0]?.timestampType).toBe('LogAppendTime')
  })
})

describe('batches without records for the application', () => {
  it('move the position when they are empty after compaction (K14)', () => {
    const cursor = cursorOver(emptyBatch(20, 4), { fetchOffset: 20 })
    expect(cursor.take(100)).toEqual([])
    expect(cursor.isDrained).toBe(true)
    expect(cursor.nextOffset).toBe(25)
  })

  it('are passed together with the last record before them', () => {
    const cursor = cursorOver(Buffer.concat([batchOf(three), emptyBatch(3, 0), marker('commit', 4, 9)]))
    expect(cursor.take(3)).toHaveLength(3)
    expect(cursor.nextOffset).toBe(5)
    expect(cursor.isDrained).toBe(true)
  })

  it('are not passed before the records in front of them are taken', () => {
    const cursor = cursorOver(Buffer.concat([batchOf(three), marker('commit', 3, 9)]))
    cursor.take(2)
    expect(cursor.nextOffset).toBe(2)
  })

  it('are markers also when everything is read', () => {
    expect(values(Buffer.concat([marker('abort', 0, 9), batchOf(three, { baseOffset: 1 })]))).toEqual(['a', 'b', 'c'])
  })
})

describe('read_committed (K20)', () => {
  const isolation = 'read_committed'

  it('drops what an aborted transaction wrote, and only that', () => {
    const bytes = Buffer.concat([
      transactional('one', 0, 1),
      transactional('two', 1, 2),
      transactional('one', 2, 1),
      marker('abort', 3, 1),
      marker('commit', 4, 2),
      transactional('after', 5, 1),
      marker('commit', 6, 1),
    ])
    const abortedTransactions = [{ producerId: 1, firstOffset: 0 }]
    expect(values(bytes, { isolation, abortedTransactions })).toEqual(['two', 'after'])
    expect(values(bytes, { isolation: 'read_uncommitted', abortedTransactions })).toEqual(['one', 'two', 'one', 'after'])
  })

  it('knows two aborted transactions of one producer', () => {
    const bytes = Buffer.concat([
      transactional('first', 0, 1),
      marker('abort', 1, 1),
      transactional('good', 2, 1),
      marker('commit', 3, 1),
      transactional('second', 4, 1),
      marker('abort', 5, 1),
    ])
    const abortedTransactions = [
      { producerId: 1, firstOffset: 4 },
      { producerId: 1, firstOffset: 0 },
    ]
    expect(values(bytes, { isolation, abortedTransactions })).toEqual(['good'])
  })

  it('drops when the marker is in a later response, or the beginning in an earlier one', () => {
    const abortedTransactions = [{ producerId: 1, firstOffset: 0 }]
    expect(values(transactional('open', 0, 1), { isolation, abortedTransactions })).toEqual([])
    const later = Buffer.concat([transactional('rest', 7, 1), marker('abort', 8, 1), transactional('next', 9, 1)])
    expect(values(later, { isolation, abortedTransactions, fetchOffset: 7 })).toEqual(['next'])
  })

  it('keeps what the same producer wrote outside a transaction', () => {
    const plain = batchOf([record('plain')], { producer: { producerId: 1, producerEpoch: 0, baseSequence: 0 } })
    expect(values(plain, { isolation, abortedTransactions: [{ producerId: 1, firstOffset: 0 }] })).toEqual(['plain'])
  })

  it('moves the position behind aborted batches', () => {
    const cursor = cursorOver(transactional('gone', 40, 1), {
      isolation,
      abortedTransactions: [{ producerId: 1, firstOffset: 40 }],
      fetchOffset: 40,
    })
    expect(cursor.take(10)).toEqual([])
    expect(cursor.nextOffset).toBe(41)
  })

  it('needs no list when nothing was aborted', () => {
    expect(values(transactional('good', 0, 1), { isolation, abortedTransactions: null })).toEqual(['good'])
  })
})

describe('a cut-off batch (K14)', () => {
  const whole = batchOf(three)
  const second = batchOf(three, { baseOffset: 3 })

  it('at the end is left for the next fetch, wherever it was cut', () => {
    for (let length = 0; length < second.length; length++) {
      const cursor = cursorOver(Buffer.concat([whole, second.subarray(0, length)]))
      expect(cursor.take(100)).toHaveLength(3)
      expect(cursor.nextOffset).toBe(3)
      expect(cursor.isDrained).toBe(true)
    }
  })

  it('alone is an error, since the next fetch would bring it again', () => {
    const cursor = cursorOver(whole.subarray(0, -1), { fetchOffset: 42 })
    expect(() => cursor.take(1)).toThrow('Failed to make progress reading messages at orders-3=42.')
    expect(cursor.isDrained).toBe(false)
  })
})

describe('damage', () => {
  it('in any bit that the checksum covers is an error naming topic, partition and offset (K15)', () => {
    const good = batchOf(three, { baseOffset: 77 })
    for (let at = CRC; at < good.length; at++) {
      const bytes = Buffer.from(good)
      bytes[at]! ^= 0x10
      const error = errorOf(() => cursorOver(bytes, { fetchOffset: 77 }).take(1))
      expect(error).toMatchObject({ code: 'CORRUPT_MESSAGE', number: 2, retriable: false, topic: 'orders', partition: 3 })
      expect(error.message).toMatch(
        /^Record batch for partition orders-3 at offset 77 is invalid, cause: Record is corrupt \(stored crc = /,
      )
    }
  })

  it('is not looked for when check.crcs is false (K15)', () => {
    const bytes = batchOf(three)
    bytes[CRC]! ^= 1
    expect(values(bytes, { checkCrcs: false })).toEqual(['a', 'b', 'c'])
  })

  it('lets the records before it through, and then comes up at every call', () => {
    const damaged = batchOf(three, { baseOffset: 3 })
    damaged[damaged.length - 1]! ^= 1
    const cursor = cursorOver(Buffer.concat([batchOf(three), damaged]))
    expect(cursor.take(100)).toHaveLength(3)
    for (let call = 0; call < 3; call++) expect(() => cursor.take(100)).toThrow('orders-3 at offset 3 is invalid')
    expect(cursor.nextOffset).toBe(3)
    expect(cursor.isDrained).toBe(false)
  })

  it('inside a batch lets the records before it through, too', () => {
    const bytes = batchOf(three)
    bytes[bytes.length - 8] = 0x70
    const cursor = cursorOver(withCrc(bytes))
    expect(cursor.take(100)).toHaveLength(2)
    for (let call = 0; call < 3; call++) expect(() => cursor.take(100)).toThrow('Record for partition orders-3 at offset 2 is invalid')
    expect(cursor.nextOffset).toBe(2)
  })

  it.each([
    ['fewer records than it says', RECORD_COUNT, 4],
    ['more records than it says', RECORD_COUNT, 2],
    ['a negative number of records', RECORD_COUNT, -1],
    ['a negative last offset', LAST_OFFSET_DELTA, -1],
  ])('of a batch that has %s is an error', (_, at, value) => {
    const bytes = batchOf(three)
    bytes.writeInt32BE(value, at)
    withCrc(bytes)
    expect(() => readAll(bytes)).toThrow(KafkaError)
  })

  it.each([-12, -13, 0, 48, -(2 ** 31)])('of a batch with length %d is an error, not an endless loop', (length) => {
    const bytes = batchOf(three)
    bytes.writeInt32BE(length, BATCH_LENGTH)
    expect(() => readAll(bytes)).toThrow("is less than a header's")
  })

  it.each([0, 1, 3])('of format %d is an error that says so', (magic) => {
    const bytes = batchOf(three, { baseOffset: 5 })
    bytes[16] = magic
    const error = errorOf(() => cursorOver(bytes).take(1))
    expect(error.code).toBe('UNSUPPORTED_FOR_MESSAGE_FORMAT')
    expect(error.message).toContain(`Partition orders-3 has messages of format ${magic} at offset 5`)
  })
})

/** What compaction leaves of a batch whose records are all gone. */
function emptyBatch(baseOffset: number, lastOffsetDelta: number): Buffer {
  const bytes = batchOf(three, { baseOffset, lastOffsetDelta }).subarray(0, RECORDS)
  bytes.writeInt32BE(RECORDS - 12, BATCH_LENGTH)
  bytes.writeInt32BE(0, RECORD_COUNT)
  return withCrc(bytes)
}

function transactional(value: string, baseOffset: number, producerId: number): Buffer {
  return batchOf([record(value)], { baseOffset, isTransactional: true, producer: { producerId, producerEpoch: 0, baseSequence: 0 } })
}

function marker(type: 'abort' | 'commit', baseOffset: number, producerId: number): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1])
  const producer = { producerId, producerEpoch: 0, baseSequence: -1 }
  return batchOf([record('\0\0\0\0\0\0', { key })], { baseOffset, producer, attributes: CONTROL | TRANSACTIONAL })
}

function errorOf(run: () => unknown): KafkaError {
  try {
    run()
  } catch (error) {
    if (error instanceof KafkaError) return error
    throw error
  }
  throw new Error('Nothing was thrown')
}
