/**
 * Which calendar the days before 15 October 1582 are counted in. `LEGACY`: Java's, Julian up to that day;
 * `PROLEPTIC_GREGORIAN`: PostgreSQL's, Gregorian throughout.
 */
export const calendarSystems = ['LEGACY', 'PROLEPTIC_GREGORIAN'] as const
export type CalendarSystem = (typeof calendarSystems)[number]

export const dayMs = 86_400_000

/** 1582-10-15, the first Gregorian day, in milliseconds since 1970. */
export const gregorianStartMs = -12_219_292_800_000

/** A wall clock's reading. The year is astronomical: 0 is 1 BC. */
export interface WallClock {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
}

/** @param ms since 1970-01-01 00:00:00 on the wall clock */
export function utcFields(ms: number, calendar: CalendarSystem = 'PROLEPTIC_GREGORIAN'): WallClock {
  const date = new Date(ms)
  const { year, month, day } = calendar === 'LEGACY' && ms < gregorianStartMs ? julianDay(ms) : gregorianDay(date)
  return {
    ...{ year, month, day },
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  }
}

function gregorianDay(date: Date): { year: number; month: number; day: number } {
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}

/** Days of 1 March of the year 0, Julian, before 1970-01-01; years begin in March so that the leap day is the last. */
const julianEpochDay = -719_470

function julianDay(ms: number): { year: number; month: number; day: number } {
  const days = Math.floor(ms / dayMs) - julianEpochDay
  const cycle = Math.floor(days / 1461)
  const dayOfCycle = days - cycle * 1461
  const yearOfCycle = Math.min(3, Math.floor(dayOfCycle / 365))
  const dayOfYear = dayOfCycle - yearOfCycle * 365
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = yearOfCycle + cycle * 4 + (month <= 2 ? 1 : 0)
  return { year, month, day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1 }
}
