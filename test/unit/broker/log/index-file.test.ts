import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OffsetIndex } from '../../../../src/broker/log/segment-index.ts'
import { MemoryFile } from '../../../../src/broker/log/storage/memory-storage.ts'

const ENTRIES = 3000

/** Batches of three offsets and 100 bytes; every one is in the index. */
function fullIndex(flushedEntries: number): OffsetIndex {
  const index = new OffsetIndex(new MemoryFile(), 1000)
  for (let entry = 0; entry < ENTRIES; entry++) {
    if (entry === flushedEntries) index.flush()
    index.add(1000 + entry * 3 + 2, entry * 100)
  }
  return index
}

/** The last entry that ends at the offset or before it. */
function wanted(offset: number, entries: number): number {
  const entry = Math.min(Math.floor((offset - 1002) / 3), entries - 1)
  return entry < 0 ? 0 : entry * 100
}

describe('an offset index', () => {
  it('finds any offset in any order, in the file and in memory', () => {
    const offsets = fc.array(fc.integer({ min: 1000, max: 1000 + ENTRIES * 3 + 10 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: ENTRIES }), offsets, (flushed, looked) => {
        const index = fullIndex(flushed)
        for (const offset of looked) expect([offset, index.positionBefore(offset)]).toEqual([offset, wanted(offset, ENTRIES)])
      }),
      { numRuns: 100 },
    )
  })

  it('forgets what was cut, wherever it was', () => {
    for (const left of [2999, 2000, 1500, 700, 1, 0]) {
      const index = fullIndex(2000)
      index.positionBefore(1000 + left * 3)
      index.truncateAt(left * 100)
      expect(index.sizeBytes).toBe(left * 8)
      expect(index.positionBefore(99_999)).toBe(wanted(99_999, left))
      index.add(99_000, 77)
      expect(index.last()).toEqual({ lastOffset: 99_000, position: 77 })
    }
  })
})
