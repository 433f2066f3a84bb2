import { describe, expect, it } from 'vitest'
import { TimeZone } from '../../../../../../connectors/jdbc/dialect/time-zone.ts'
import { Moment } from '../../../../../../connectors/jdbc/source/value/moment.ts'

const zone = (id: string) => TimeZone.of(id) ?? TimeZone.utc
const legacy = (id = 'UTC') => new Moment(zone(id), 'LEGACY')

function ms(moment: Moment, text: string): number {
  moment.readTimestamp(text)
  return moment.ms
}

describe('dates and times of the server', () => {
  it.for([
    ['2024-03-10 02:30:00', 1710055800000],
    ['2024-11-03 01:30:00', 1730615400000],
    ['2024-07-01 12:00:00.5', 1719849600500],
  ] as const)('T22: %s in New York is the instant %i', ([text, want]) => expect(ms(legacy('America/New_York'), text)).toBe(want))

  it('T23: with an offset the zone does not matter', () => {
    expect(ms(legacy('America/New_York'), '2024-01-01 00:00:00+00')).toBe(1704067200000)
  })

  it.for(['2024-01-01 01:00:00.5+01', '2023-12-31 19:00:00.5-05', '2024-01-01 05:30:00.5+05:30', '2023-12-31 23:59:30.5-00:00:30'])(
    'T23: %s is an instant, whatever the time zone of the session, which a pool may change',
    (text) => expect(ms(legacy('Asia/Tokyo'), text)).toBe(1704067200500),
  )

  it.for([
    ['1500-01-01', -14830992000000, -14831769600000],
    ['0001-01-01', -62135769600000, -62135596800000],
    ['1582-10-04', -12219379200000, -12220243200000],
    ['1582-10-15', -12219292800000, -12219292800000],
    ['9999-12-31', 253402214400000, 253402214400000],
    ['2000-02-29', 951782400000, 951782400000],
  ] as const)('T24: %s in both calendars', ([text, julian, gregorian]) => {
    expect(legacy().dateMs(text)).toBe(julian)
    expect(new Moment(TimeZone.utc, 'PROLEPTIC_GREGORIAN').dateMs(text)).toBe(gregorian)
  })

  it('T18: microseconds stand beside milliseconds that are rounded down', () => {
    const moment = legacy()
    moment.readTimestamp('1969-12-31 23:59:58.500123')
    expect([moment.ms, moment.micros]).toEqual([-1500, 123])
    moment.readTimestamp('2024-01-01 00:00:00.123456+00')
    expect([moment.ms, moment.micros]).toEqual([1704067200123, 456])
    moment.readTimestamp('2024-01-01 00:00:00')
    expect([moment.ms, moment.micros]).toEqual([1704067200000, 0])
  })

  it('years of five digits and before Christ are read', () => {
    const moment = new Moment(TimeZone.utc, 'PROLEPTIC_GREGORIAN')
    expect(moment.dateMs('10000-01-01')).toBe(253402300800000)
    expect(moment.dateMs('0001-12-31 BC')).toBe(-62135683200000)
    expect(ms(moment, '0001-12-31 00:00:00 BC')).toBe(-62135683200000)
    expect(ms(moment, '0001-12-31 00:00:00+00 BC')).toBe(-62135683200000)
  })

  it.for(['infinity', '-infinity'])('%s has no value', (text) => {
    expect(() => legacy().readTimestamp(text)).toThrow(`The value ${text} is beyond`)
    expect(() => legacy().dateMs(text)).toThrow(`The value ${text} is beyond`)
  })

  it('times are of 1970-01-01 in the zone, or in their own', () => {
    expect(legacy('America/New_York').timeMs('10:00:00')).toBe(54000000)
    expect(legacy().timeMs('24:00:00')).toBe(86400000)
    expect(legacy().timeMs('10:00:00.123456')).toBe(36000123)
    expect(legacy('America/New_York').zonedTimeMs('10:00:00+02')).toBe(28800000)
    expect(legacy().zonedTimeMs('10:00:00.5-03:30')).toBe(48600500)
  })

  it('times that are of another day in UTC stay so, as pgjdbc 42.7.8 gives them, and converters refuse them, as Connect’s do', () => {
    expect(legacy().zonedTimeMs('23:00:00-05')).toBe(100_800_000)
    expect(legacy().zonedTimeMs('01:00:00+05')).toBe(-14_400_000)
    expect(legacy().zonedTimeMs('00:00:00.5+15:59:59')).toBe(-57_598_500)
    expect(legacy('Asia/Tokyo').timeMs('01:00:00')).toBe(-28_800_000)
  })
})
