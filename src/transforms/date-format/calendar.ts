import { DAY_MS, fromUtcFields, type CalendarFields } from '../../api/data/java-date.ts'

/** Days are counted from 1970-01-01, weekdays from Sunday = 0. Weeks begin on Sunday; the first of a year or month is that of its first day. */
export function epochDayOf(year: number, month: number, day: number): number {
  return fromUtcFields({ year, month, day, hour: 0, minute: 0, second: 0, millisecond: 0 }) / DAY_MS
}

export function weekdayOf(epochDay: number): number {
  return (((epochDay + 4) % 7) + 7) % 7
}

export function dayOfYear({ year, month, day }: CalendarFields): number {
  return epochDayOf(year, month, day) - epochDayOf(year, 1, 1) + 1
}

export interface Week {
  readonly weekYear: number
  readonly week: number
}

/** The days before the first of January that share its week belong to the new year's first week. */
export function weekOf({ year, month, day }: CalendarFields): Week {
  const epochDay = epochDayOf(year, month, day)
  const saturday = epochDay + 6 - weekdayOf(epochDay)
  if (saturday >= epochDayOf(year + 1, 1, 1)) return { weekYear: year + 1, week: 1 }
  return { weekYear: year, week: Math.floor((saturday - epochDayOf(year, 1, 1)) / 7) + 1 }
}

export function weekOfMonth({ year, month, day }: CalendarFields): number {
  return Math.floor((day - 1 + weekdayOf(epochDayOf(year, month, 1))) / 7) + 1
}

/** The day of that week of the year. */
export function dayOfWeek({ weekYear, week }: Week, weekday: number): number {
  const firstDay = epochDayOf(weekYear, 1, 1)
  return firstDay - weekdayOf(firstDay) + (week - 1) * 7 + weekday
}
