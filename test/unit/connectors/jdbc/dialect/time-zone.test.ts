import { describe, expect, it } from 'vitest'
import { offsetText, TimeZone } from '../../../../../connectors/jdbc/dialect/time-zone.ts'
import { TemporalText } from '../../../../../connectors/jdbc/dialect/temporal-text.ts'

const hourMs = 3_600_000
const zone = (id: string) => TimeZone.of(id)!

describe('time zones', () => {
  it.for([
    ['UTC', 0],
    ['Z', 0],
    ['+02:00', 2],
    ['UTC+2', 2],
    ['GMT-03:30', -3.5],
    ['EST', -5],
    ['Asia/Kolkata', 5.5],
    ['America/New_York', -5],
    ['Europe/Paris', 1],
  ] as const)('%s is %s hours from UTC in January 2024', ([id, hours]) => {
    expect(zone(id).offsetAt(Date.UTC(2024, 0, 1))).toBe(hours * hourMs)
  })

  it.for(['Nowhere/City', '', '+25:00', 'UTC+', 'foo'])('%j is none', (id) => {
    expect(TimeZone.of(id)).toBeNull()
  })

  it('follows daylight saving time to the instant', () => {
    const change = Date.UTC(2024, 2, 10, 7)
    const paris = zone('America/New_York')
    expect([paris.offsetAt(change - 1), paris.offsetAt(change)]).toEqual([-5 * hourMs, -4 * hourMs])
  })

  it('local mean time has seconds', () => {
    expect(zone('America/New_York').offsetAt(Date.UTC(1850, 0, 1))).toBe(-(4 * hourMs + 56 * 60_000 + 2000))
    expect(offsetText(-(4 * hourMs + 56 * 60_000 + 2000))).toBe('-04:56:02')
  })

  it.for([
    [0, '+00'],
    [5.5 * hourMs, '+05:30'],
    [-5 * hourMs, '-05'],
  ] as const)('an offset of %s ms is written %s', ([ms, text]) => {
    expect(offsetText(ms)).toBe(text)
  })
})

describe('texts of dates and times', () => {
  const utc = new TemporalText(TimeZone.utc, TimeZone.utc, 'LEGACY')
  const proleptic = new TemporalText(TimeZone.utc, TimeZone.utc, 'PROLEPTIC_GREGORIAN')
  const newYork = new TemporalText(zone('America/New_York'), zone('America/New_York'), 'LEGACY')

  it('a timestamp in UTC is what Date says', () => {
    for (const ms of [0, -1, 1_704_067_200_123, 253_402_300_799_999, -12_219_292_800_000])
      expect(utc.timestamp(ms)).toBe(new Date(ms).toISOString())
  })

  it('a timestamp elsewhere has its wall clock and offset', () => {
    expect(newYork.timestamp(1_704_067_200_123)).toBe('2023-12-31 19:00:00.123-05')
    expect(newYork.date(1_704_067_200_123)).toBe('2023-12-31')
    expect(newYork.time(36_000_123)).toBe('05:00:00.123-05')
  })

  it('the calendar changes on 15 October 1582, or not', () => {
    expect([utc.date(-12_219_292_800_000), utc.date(-12_219_292_800_001)]).toEqual(['1582-10-15', '1582-10-04'])
    expect(proleptic.date(-12_219_292_800_001)).toBe('1582-10-14')
  })

  it('years before Christ and beyond four digits', () => {
    expect(proleptic.date(Date.UTC(-1, 0, 1))).toBe('0002-01-01 BC')
    expect(proleptic.date(Date.UTC(12_345, 0, 1))).toBe('12345-01-01')
  })

  it('microseconds before 1970 count backwards', () => {
    expect(utc.timestampOfMicros(-1n)).toBe('1969-12-31 23:59:59.999999+00')
    expect(utc.timestampOfMicros(1_704_067_200_123_456n)).toBe('2024-01-01 00:00:00.123456+00')
  })
})
