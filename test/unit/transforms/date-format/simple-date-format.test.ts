import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SimpleDateFormat } from '../../../../src/transforms/date-format/simple-date-format.ts'

describe('SimpleDateFormat', () => {
  it.each(["yyyy-MM-dd'T'HH:mm:ss.SSSX", 'EEEE, d MMMM yyyy G hh:mm:ss.SSS a z', 'yyyyDDDHHmmssSSS', "YYYY-'W'ww-u kk:mm:ss.SSS"])(
    'reads what it has written: %s',
    (pattern) => {
      const format = new SimpleDateFormat(pattern)
      fc.assert(
        fc.property(fc.integer({ min: -12_000_000_000_000, max: 253_402_300_799_999 }), (ms) => {
          expect(format.parse(format.format(ms))).toBe(ms)
        }),
      )
    },
  )

  it('writes the fields that Date has, in UTC', () => {
    const format = new SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
    fc.assert(
      fc.property(fc.integer({ min: -12_000_000_000_000, max: 253_402_300_799_999 }), (ms) => {
        expect(format.format(ms)).toBe(new Date(ms).toISOString())
      }),
    )
  })

  it('writes each of several times around the same second', () => {
    const format = new SimpleDateFormat("S SSS ss'.'SSS")
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2_500, max: 2_500 })), (times) => {
        for (const ms of times) {
          const [, second = '', millisecond = ''] = /:(\d\d)\.(\d{3})Z$/.exec(new Date(ms).toISOString()) ?? []
          expect(format.format(ms)).toBe(`${String(Number(millisecond))} ${millisecond} ${second}.${millisecond}`)
        }
      }),
    )
  })

  it('takes years of two digits from 80 years before now to 20 years after', () => {
    const format = new SimpleDateFormat('dd/MM/yy', Date.UTC(2026, 5, 15))
    expect(new Date(format.parse('14/06/46') ?? NaN).getUTCFullYear()).toBe(2046)
    expect(new Date(format.parse('15/06/46') ?? NaN).getUTCFullYear()).toBe(1946)
    expect(new Date(format.parse('01/01/45') ?? NaN).getUTCFullYear()).toBe(2045)
    expect(new Date(format.parse('01/01/47') ?? NaN).getUTCFullYear()).toBe(1947)
  })

  it('puts the day of a week where a pattern names week and weekday', () => {
    expect(new Date(new SimpleDateFormat('yyyy-MM-dd ww E').parse('2017-01-01 10 Wed') ?? NaN).toISOString()).toBe(
      '2017-03-08T00:00:00.000Z',
    )
  })

  it.each([
    ['yyyy-qq', "Illegal pattern character 'q'"],
    ["yyyy'T", 'Unterminated quote'],
    ['XXXX', 'invalid ISO 8601 format: length=4'],
  ])('refuses %s', (pattern, message) => {
    expect(() => new SimpleDateFormat(pattern)).toThrow(message)
  })
})
