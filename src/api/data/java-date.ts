/** A day and time on Java's calendar: Julian before 15 October 1582, Gregorian from then on. */
export interface CalendarFields {
  /** Astronomical: 0 is 1 BC. */
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
}

export const DAY_MS = 86_400_000

/** First Gregorian day, counted from 1970-01-01. */
const cutoverDay = -141_427
/** Day of 1 March of year 0 in each calendar. */
const gregorianEpochDay = -719_468
const julianEpochDay = -719_470

/** The time of these fields in UTC, lenient as `fromLocalFields`. */
export function fromUtcFields(fields: CalendarFields): number {
  const { hour, minute, second, millisecond } = fields
  return dayOf(fields.year, fields.month, fields.day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
}

/** Fields in the process's time zone. */
export function localFields(date: Date): CalendarFields {
  return utcFields(date.getTime() - date.getTimezoneOffset() * 60_000)
}

/** Lenient, as Java's SimpleDateFormat: month 13 is January of the next year. Fields are in the process's time zone. */
export function fromLocalFields(fields: CalendarFields): Date {
  const localMs = fromUtcFields(fields)
  const guess = new Date(localMs + new Date(localMs).getTimezoneOffset() * 60_000)
  return new Date(localMs + guess.getTimezoneOffset() * 60_000)
}

/** Fields of a time in milliseconds since the epoch, in UTC, as java.util.GregorianCalendar gives them. */
export function utcFields(ms: number): CalendarFields {
  const epochDay = Math.floor(ms / DAY_MS)
  const rest = ms - epochDay * DAY_MS
  const { year, month, day } = civilOf(epochDay)
  return {
    year,
    month,
    day,
    hour: Math.floor(rest / 3_600_000),
    minute: Math.floor(rest / 60_000) % 60,
    second: Math.floor(rest / 1000) % 60,
    millisecond: rest % 1000,
  }
}

function civilOf(epochDay: number): { year: number; month: number; day: number } {
  const isGregorian = epochDay >= cutoverDay
  const days = epochDay - (isGregorian ? gregorianEpochDay : julianEpochDay)
  const { year, dayOfYear } = isGregorian ? gregorianYear(days) : julianYear(days)
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  return { year: month <= 2 ? year + 1 : year, month, day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1 }
}

/** Years begin in March, so that the leap day is the last. */
function gregorianYear(days: number): { year: number; dayOfYear: number } {
  const era = Math.floor(days / 146_097)
  const dayOfEra = days - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  return { year: yearOfEra + era * 400, dayOfYear }
}

function julianYear(days: number): { year: number; dayOfYear: number } {
  const cycle = Math.floor(days / 1461)
  const dayOfCycle = days - cycle * 1461
  const yearOfCycle = Math.min(3, Math.floor(dayOfCycle / 365))
  return { year: yearOfCycle + cycle * 4, dayOfYear: dayOfCycle - yearOfCycle * 365 }
}

function dayOf(year: number, month: number, day: number): number {
  const normalYear = year + Math.floor((month - 1) / 12)
  const normalMonth = ((((month - 1) % 12) + 12) % 12) + 1
  const marchYear = normalMonth <= 2 ? normalYear - 1 : normalYear
  const dayOfYear = Math.floor((153 * (normalMonth + (normalMonth > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const leapless = 365 * marchYear + Math.floor(marchYear / 4) + dayOfYear
  const gregorian = leapless - Math.floor(marchYear / 100) + Math.floor(marchYear / 400) + gregorianEpochDay
  return gregorian >= cutoverDay ? gregorian : leapless + julianEpochDay
}
