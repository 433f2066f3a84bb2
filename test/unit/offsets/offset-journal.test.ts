import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OffsetEntry } from '../../../src/offsets/offset-backing-store.ts'
import { encodeCommit, isOffsetJournal, journalHeader, readOffsetJournal } from '../../../src/offsets/offset-journal.ts'

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
const entry: fc.Arbitrary<OffsetEntry> = fc.record({ key: fc.option(bytes), value: fc.option(bytes) })
const commits = fc.array(fc.array(entry, { maxLength: 4 }), { minLength: 1, maxLength: 5 })

function journalOf(all: readonly (readonly OffsetEntry[])[]): { journal: Buffer; ends: number[] } {
  const parts = [journalHeader, ...all.map(encodeCommit)]
  const ends = parts.map((_, index) => Buffer.concat(parts.slice(0, index + 1)).length)
  return { journal: Buffer.concat(parts), ends }
}

describe('offset journal', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(commits, (all) => {
        const { journal } = journalOf(all)
        expect(isOffsetJournal(journal)).toBe(true)
        expect(readOffsetJournal(journal, 'f')).toEqual({ entries: all.flat(), wholeBytes: journal.length })
      }),
    )
  })

  it('is read up to the last whole commit wherever it is cut off', () => {
    fc.assert(
      fc.property(commits, (all) => {
        const { journal, ends } = journalOf(all)
        for (let length = 0; length <= journal.length; length++) {
          const whole = ends.filter((end) => end <= length).length - 1
          const { entries, wholeBytes } = readOffsetJournal(journal.subarray(0, length), 'f')
          expect(entries).toEqual(all.slice(0, Math.max(0, whole)).flat())
          expect(wholeBytes).toBe(whole < 0 ? 0 : ends[whole])
        }
      }),
      { numRuns: 20 },
    )
  })

  it('is refused when any of its bytes is another', () => {
    fc.assert(
      fc.property(commits, fc.nat(), fc.integer({ min: 1, max: 255 }), (all, place, flip) => {
        const { journal } = journalOf(all)
        journal[place % journal.length]! ^= flip
        expect(() => readOffsetJournal(journal, 'the-file')).toThrow(
          /^Offset journal the-file (is damaged at byte \d+|begins with .* at byte 0)/,
        )
      }),
      { numRuns: 500 },
    )
  })

  it('takes zeros at the end for a commit whose data did not reach the disk', () => {
    const whole = [[{ key: Buffer.from('k'), value: Buffer.from('v1') }], [{ key: Buffer.from('k'), value: Buffer.from('v2') }]]
    const { journal, ends } = journalOf(whole)
    for (let from = ends[1]!; from <= ends[2]! - 4; from++) {
      const torn = Buffer.from(journal).fill(0, from)
      expect(readOffsetJournal(torn, 'f')).toEqual({ entries: whole[0], wholeBytes: ends[1] })
    }
  })

  it('names the byte where the damaged commit begins', () => {
    const { journal, ends } = journalOf([[{ key: Buffer.from('a'), value: null }], [{ key: Buffer.from('b'), value: null }], []])
    journal[ends[1]! + 9]! ^= 1
    expect(() => readOffsetJournal(journal, 'f')).toThrow(`is damaged at byte ${ends[1]}`)
  })
})
