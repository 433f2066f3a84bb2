import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BatchPart } from '../../../../../connectors/elasticsearch/bulk/batch-part.ts'
import { batchOf, idsOf, operation, operations } from '../operations.ts'

const t0 = { topic: 't', partition: 0 }
const t1 = { topic: 't', partition: 1 }

describe('a batch', () => {
  it('counts from the first record of each partition', () => {
    const batch = batchOf([operation(5), operation(8, { partition: 1 }), operation(6), operation(9, { partition: 1 })])
    expect([batch.lowestPending(t0), batch.lowestPending(t1), batch.lowestPending({ topic: 'u', partition: 0 })]).toEqual([5, 8, null])
  })

  it('counts records by where they came from, whatever transformations made of them', () => {
    const moved = operation(5)
    const batch = batchOf([{ ...moved, record: moved.record.newRecord({ topic: 'elsewhere', kafkaPartition: 7 }), index: 'elsewhere' }])
    expect(batch.lowestPending(t0)).toBe(5)
  })

  it('#56 counts only what is not settled, when it will not be finished', () => {
    const batch = batchOf(operations(3))
    batch.settle(0)
    expect(batch.lowestPending(t0)).toBe(0)
    batch.countUnsettled()
    expect(batch.lowestPending(t0)).toBe(1)
  })

  it('#75 gives up a partition that is taken away, and keeps the others', () => {
    const batch = batchOf([operation(5), operation(8, { partition: 1 }), operation(6)])
    batch.drop([t0])
    expect([batch.lowestPending(t0), batch.lowestPending(t1)]).toEqual([null, 8])
    expect(idsOf(BatchPart.whole(batch).unsettled()!.body)).toEqual(['8'])
  })

  it('gives the last operation to the next batch', () => {
    const last = operation(2)
    const [batch, next] = [batchOf([operation(0), operation(1), last]), batchOf([])]
    batch.moveLastTo(next, last)
    expect([idsOf(batch.body.view()), idsOf(next.body.view())]).toEqual([['0', '1'], ['2']])
    expect([batch.count, next.count, next.lowestPending(t0)]).toEqual([2, 1, 2])
  })

  it('tells of an operation from its text', () => {
    const batch = batchOf([operation(0), operation(3, { action: 'delete', id: 'ä"\n', version: 3, source: null, partition: 2 })], false)
    expect(batch.operation(1)).toEqual({
      ...{ action: 'delete', index: 't', id: 'ä"\n', isVersioned: true },
      ...{ topic: 't', partition: 2, offset: 3, record: null },
    })
    expect(batch.operation(0)).toMatchObject({ id: '0', isVersioned: false, offset: 0 })
  })

  it('keeps records where reports are taken', () => {
    const only = operation(4)
    expect(batchOf([only]).operation(0).record).toBe(only.record)
  })
})

describe('a part of a batch', () => {
  it('is what was selected, in order', () => {
    const part = BatchPart.whole(batchOf(operations(5))).select([1, 3, 4])
    expect(idsOf(part.body)).toEqual(['1', '3', '4'])
    expect(idsOf(part.select([0, 2]).body)).toEqual(['1', '4'])
  })

  it('splits into halves that are the whole, and neither is empty', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 2, maxLength: 30 }), (sizes) => {
        const whole = BatchPart.whole(batchOf(sizes.map((size, offset) => operation(offset, { source: JSON.stringify('x'.repeat(size)) }))))
        const [left, right] = whole.halves()
        expect(left.count).toBeGreaterThan(0)
        expect(right.count).toBeGreaterThan(0)
        expect(Buffer.concat([left.body, right.body]).equals(whole.body)).toBe(true)
      }),
    )
  })

  it('is itself while nothing is settled, and nothing when all is', () => {
    const batch = batchOf(operations(2))
    const whole = BatchPart.whole(batch)
    expect(whole.unsettled()).toBe(whole)
    batch.settle(0)
    expect(idsOf(whole.unsettled()!.body)).toEqual(['1'])
    batch.settle(1)
    expect(whole.unsettled()).toBeNull()
  })
})
