import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromLocalFields, localFields } from '../../../../src/api/data/java-date.ts'
import { parseString } from '../../../../src/api/data/value-parser.ts'
import { valueText } from '../../../../src/api/data/value-text.ts'

describe("Java's calendar", () => {
  it('gives the same date back', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }),
        (date) => {
          expect(fromLocalFields(localFields(date)).getTime()).toBe(date.getTime())
        },
      ),
    )
  })

  it('is Julian up to 4 October 1582 and Gregorian from the next day on', () => {
    const last = fromLocalFields({ year: 1582, month: 10, day: 4, hour: 0, minute: 0, second: 0, millisecond: 0 })
    const { year, month, day } = localFields(new Date(last.getTime() + 86_400_000))
    expect([year, month, day]).toEqual([1582, 10, 15])
  })
})

describe('texts of values', () => {
  it('come back as the same date, time or timestamp', () => {
    const dates = fc.date({ min: new Date('1970-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
    fc.assert(fc.property(dates, (date) => void expect(parseString(valueText(date, null)).value).toEqual(date)))
  })

  it('never fail to be parsed', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]{}:,"\\ 0123456789.-+eEtruefalsn') }), (text) => void parseString(text)),
      { numRuns: 3000 },
    )
  })
})
