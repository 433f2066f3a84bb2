import { DAY_MS } from '../../api/data/java-date.ts'
import { dayOfWeek, epochDayOf, weekdayOf } from './calendar.ts'

/** What names the day: the last field that was read decides, as in java.util.Calendar. */
type DayKind = 'month' | 'year' | 'week'

/** Fields as they are read from a text, and the time they make. Lenient: month 13 is January of the next year. */
export class ParsedDate {
  /** Astronomical, unless the era says otherwise. */
  year = 1970
  isBeforeChrist = false
  /** Null: none was read. Overrides the year, month and day. */
  weekYear: number | null = null
  /** From 1. */
  month = 1
  day = 1
  dayOfYear = 1
  week: number | null = null
  /** From Sunday = 0. */
  weekday: number | null = null
  dayKind: DayKind | null = null
  hour = 0
  /** The hour is one of a half day. */
  isHalfDayHour = false
  half = 0
  minute = 0
  second = 0
  millisecond = 0
  /** East of UTC. */
  offsetMinutes = 0
  /** Two digits that stand for the first year of the hundred they may mean. */
  isAmbiguousYear = false

  setWeek(week: number): void {
    this.week = week
    if (this.weekday !== null) this.dayKind = 'week'
  }

  setWeekday(weekday: number): void {
    this.weekday = weekday
    if (this.week !== null) this.dayKind = 'week'
  }

  /** Milliseconds since the epoch. */
  time(): number {
    const hour = this.isHalfDayHour ? this.hour + 12 * this.half : this.hour
    const time = ((hour * 60 + this.minute - this.offsetMinutes) * 60 + this.second) * 1000 + this.millisecond
    return this.#epochDay() * DAY_MS + time
  }

  #epochDay(): number {
    const year = this.isBeforeChrist ? 1 - this.year : this.year
    if (this.weekYear !== null) return dayOfWeek({ weekYear: this.weekYear, week: this.week ?? 1 }, this.weekday ?? 0)
    if (this.dayKind === 'year') return epochDayOf(year, 1, 1) + this.dayOfYear - 1
    if (this.dayKind === 'month') return epochDayOf(year, this.month, this.day)
    if (this.week !== null) return dayOfWeek({ weekYear: year, week: this.week }, this.weekday ?? 0)
    const first = epochDayOf(year, this.month, 1)
    return this.weekday === null ? first : first + ((this.weekday - weekdayOf(first) + 7) % 7)
  }
}
