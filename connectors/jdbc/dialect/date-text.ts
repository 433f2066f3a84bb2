import { dayMs, type CalendarSystem } from './calendar.ts'

/** Days of 1582-10-15, the first Gregorian day, as year, month and day in one number. */
const firstGregorian = 1582 * 10_000 + 10 * 100 + 15

/** Milliseconds since 1970 of midnight UTC of a date. @param year astronomical: 0 is 1 BC */
export function dateMs(year: number, month: number, day: number, calendar: CalendarSystem): number {
  if (calendar === 'LEGACY' && year * 10_000 + month * 100 + day < firstGregorian) return julianDays(year, month, day) * dayMs
  return gregorianDays(year, month, day) * dayMs
}

/** Years begin in March, so that the leap day is the last. */
function gregorianDays(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear(month, day)
  return era * 146_097 + dayOfEra - 719_468
}

function julianDays(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const cycle = Math.floor(shifted / 4)
  return cycle * 1461 + (shifted - cycle * 4) * 365 + dayOfYear(month, day) - 719_470
}

function dayOfYear(month: number, day: number): number {
  return Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
}
