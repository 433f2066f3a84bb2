import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COMPRESSION_TYPES } from '../../../../src/kafka/record/compression-type.ts'
import { batchOf, type PlainRecord, readAll, record } from '../../../support/record-batches.ts'

const batches = JSON.parse(readFileSync(new URL('./java-batches.json', import.meta.url), 'utf8')) as Readonly<Record<string, string>>
const T = 1_700_000_000_000

/** As they were given to Java. */
const records: readonly PlainRecord[] = [
  record('value', {
    timestamp: T,
    key: Buffer.from('key'),
    headers: [
      { key: 'h', value: Buffer.from([1]) },
      { key: 'h', value: null },
      { key: '', value: Buffer.alloc(0) },
      { key: 'ключ', value: Buffer.from('значение') },
    ],
  }),
  record('earlier', { timestamp: T - 10 }),
  record('', { timestamp: 0, key: Buffer.alloc(0) }),
  record(null, { timestamp: T + 2 ** 33, key: Buffer.from('tombstone') }),
  record('x'.repeat(300), { timestamp: -1 }),
]
const withOffsets = records.map((plain, offset) => ({ ...plain, offset }))

describe('batches that Java made (K12, K13)', () => {
  it.each(COMPRESSION_TYPES)('are read, compressed with %s', (type) => {
    expect(readAll(Buffer.from(batches[type]!, 'base64'))).toEqual(withOffsets)
  })

  it('are the same bytes as ours', () => {
    expect(batchOf(records).toString('base64')).toBe(batches['none'])
  })

  it.each(COMPRESSION_TYPES)('have the same records as ours, compressed with %s', (type) => {
    expect(readAll(batchOf(records, { compression: { type } }))).toEqual(withOffsets)
  })
})
