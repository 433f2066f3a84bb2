import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SourceOffset } from '../../../src/api/source.ts'
import { SubmittedRecords, type SubmittedRecord } from '../../../src/runtime/submitted-records.ts'

const ignoring = { recordDelivered: () => undefined, recordFailed: () => undefined }

function submitLines(submitted: SubmittedRecords, partition: { filename: string }, count: number): SubmittedRecord[] {
  return Array.from({ length: count }, (_, index) => submitted.submit(partition, { position: index + 1 }, 't', null))
}

describe('SubmittedRecords', () => {
  it('lets no offset go while the first record is not acknowledged', () => {
    const submitted = new SubmittedRecords(ignoring)
    const [, second, third] = submitLines(submitted, { filename: 'a' }, 3)
    second!.ack()
    third!.ack()
    expect(submitted.committableOffsets()).toEqual([])
  })

  it('lets the newest offset of the acknowledged beginning go, once', () => {
    const submitted = new SubmittedRecords(ignoring)
    const records = submitLines(submitted, { filename: 'a' }, 4)
    records[0]!.ack()
    records[1]!.ack()
    records[3]!.ack()
    expect(submitted.committableOffsets()).toEqual([{ partition: { filename: 'a' }, offset: { position: 2 } }])
    expect(submitted.committableOffsets()).toEqual([])
  })

  it('holds back only the partition whose record is not acknowledged', () => {
    const submitted = new SubmittedRecords(ignoring)
    submitLines(submitted, { filename: 'stuck' }, 1)
    submitLines(submitted, { filename: 'free' }, 1)[0]!.ack()
    expect(submitted.committableOffsets()).toEqual([{ partition: { filename: 'free' }, offset: { position: 1 } }])
  })

  it('lets an offset of null go, which resets the partition', () => {
    const submitted = new SubmittedRecords(ignoring)
    submitted.submit({ filename: 'a' }, null, 't', null).ack()
    expect(submitted.committableOffsets()).toEqual([{ partition: { filename: 'a' }, offset: null }])
  })

  it('counts what is in flight, what Kafka has, and what was given up', () => {
    const submitted = new SubmittedRecords(ignoring)
    const [first, second] = submitLines(submitted, { filename: 'a' }, 3)
    first!.delivered(0, 0, 0)
    second!.giveUp()
    second!.giveUp()
    expect({ inFlight: submitted.inFlight, settled: submitted.settled, delivered: submitted.delivered }).toEqual({
      inFlight: 1,
      settled: 2,
      delivered: 1,
    })
  })

  it('takes equal partitions for one, whatever object and field order they come in', () => {
    const submitted = new SubmittedRecords(ignoring)
    const first = submitted.submit({ db: 'x', table: 't' }, { n: 1 }, 't', null)
    const second = submitted.submit({ table: 't', db: 'x' }, { n: 2 }, 't', null)
    second.ack()
    expect(submitted.committableOffsets()).toEqual([])
    first.ack()
    expect(submitted.committableOffsets().map(({ offset }) => offset)).toEqual([{ n: 2 }])
  })

  it('goes on with a partition whose queue was dropped when it was empty', () => {
    const submitted = new SubmittedRecords(ignoring)
    const a = { filename: 'a' }
    submitLines(submitted, a, 1)[0]!.ack()
    submitLines(submitted, { filename: 'b' }, 1)[0]!.ack()
    submitted.committableOffsets()
    submitted.submit(a, { position: 9 }, 't', null).ack()
    expect(submitted.committableOffsets()).toEqual([{ partition: a, offset: { position: 9 } }])
  })

  it('counts the records whose outcome is open', () => {
    const submitted = new SubmittedRecords(ignoring)
    const [first] = submitLines(submitted, { filename: 'a' }, 2)
    first!.ack()
    first!.ack()
    expect(submitted.inFlight).toBe(1)
  })

  it('never lets an offset go before every earlier record of its partition, for any order of acknowledgements', () => {
    const steps = fc.array(fc.record({ partition: fc.integer({ min: 0, max: 2 }), ack: fc.nat(), collect: fc.boolean() }), {
      maxLength: 80,
    })
    fc.assert(
      fc.property(steps, (plan) => {
        const submitted = new SubmittedRecords(ignoring)
        const partitions = [{ p: 0 }, { p: 1 }, { p: 2 }]
        const sent: SubmittedRecord[][] = [[], [], []]
        for (const { partition, ack, collect } of plan) {
          const records = sent[partition]!
          records.push(submitted.submit(partitions[partition]!, { n: records.length }, 't', null))
          records[ack % records.length]!.ack()
          if (collect) for (const { partition: p, offset } of submitted.committableOffsets()) expectPrefixAcked(sent[Number(p.p)]!, offset)
        }
      }),
    )
  })
})

function expectPrefixAcked(records: readonly SubmittedRecord[], offset: SourceOffset | null): void {
  expect(records.slice(0, Number(offset?.n) + 1).every((record) => record.acked)).toBe(true)
}
