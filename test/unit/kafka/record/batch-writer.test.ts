import { describe, expect, it } from 'vitest'
import { BatchWriter } from '../../../../src/kafka/record/batch-writer.ts'
import { BufferPool } from '../../../../src/kafka/record/buffer-pool.ts'
import { recordSizeUpperBound } from '../../../../src/kafka/record/record-size.ts'
import { batchOf, readAll, record } from '../../../support/record-batches.ts'

const pool = new BufferPool(0)

describe('a batch writer', () => {
  it('says how many bytes a record takes, and never more than the bound', () => {
    const writer = new BatchWriter(pool)
    const [key, value] = [Buffer.from('key'), Buffer.alloc(300)]
    const headers = [{ key: 'ключ', value: null }]
    const before = writer.sizeBytes
    const bound = recordSizeUpperBound(key, value, headers)
    const bytes = writer.append(1, key, value, headers)
    expect(writer.sizeBytes).toBe(before + bytes)
    expect(bytes).toBeLessThanOrEqual(bound)
  })

  it('bounds sizes as Java does', () => {
    expect(recordSizeUpperBound(null, null, [])).toBe(21 + 3)
    expect(recordSizeUpperBound(Buffer.alloc(10), Buffer.alloc(1_048_576), [])).toBe(21 + 11 + 1_048_576 + 4 + 1)
  })

  it('grows from 16 KiB to whatever a record needs', () => {
    const values = ['a'.repeat(10_000), 'b'.repeat(10_000), 'c'.repeat(300_000), 'd']
    expect(readAll(batchOf(values.map((value) => record(value)))).map((read) => read.value?.toString())).toEqual(values)
  })

  it('holds 200,000 records (K14)', () => {
    const writer = new BatchWriter(pool)
    for (let index = 0; index < 200_000; index++) writer.append(index, null, Buffer.from(String(index)), [])
    const read = readAll(writer.close())
    expect(read).toHaveLength(200_000)
    expect(read.every(({ offset, timestamp, value }) => timestamp === offset && value?.toString() === String(offset))).toBe(true)
  })

  it('takes another producer id, epoch and sequence after it was closed', () => {
    const producer = { producerId: 2 ** 40 + 7, producerEpoch: 3, baseSequence: 2 ** 31 - 1 }
    const wanted = batchOf([record('x')], { producer, isTransactional: true })
    const writer = new BatchWriter(pool)
    writer.append(1_700_000_000_000, null, Buffer.from('x'), [])
    writer.close({ producer: { producerId: 1, producerEpoch: 0, baseSequence: 0 }, isTransactional: true })
    expect(writer.restamp(producer)).toEqual(wanted)
  })

  it('copies what it is given', () => {
    const value = Buffer.from('before')
    const writer = new BatchWriter(pool)
    writer.append(0, value, value, [{ key: 'h', value }])
    value.write('after!')
    expect(readAll(writer.close())[0]).toMatchObject({ value: Buffer.from('before'), key: Buffer.from('before') })
  })

  it('lets its buffer be used again after release', () => {
    const kept = new BufferPool(1024 * 1024)
    const first = new BatchWriter(kept)
    first.append(0, null, Buffer.from('x'), [])
    const { buffer } = first.close()
    first.release()
    expect(kept.take(1000).buffer).toBe(buffer)
  })

  it('keeps a small buffer for what compression made small', () => {
    const kept = new BufferPool(16 * 1024 * 1024)
    const writer = new BatchWriter(kept)
    writer.append(0, null, Buffer.alloc(1_000_000), [])
    expect(writer.close({ compression: { type: 'zstd' } }).buffer.byteLength).toBe(16 * 1024)
  })

  it('refuses to close twice or without a record: that would be a bug of ours', () => {
    const writer = new BatchWriter(pool)
    expect(() => writer.close()).toThrow('at least one record')
    writer.append(0, null, null, [])
    writer.close()
    expect(() => writer.close()).toThrow('closed once')
  })
})
