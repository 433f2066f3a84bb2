import { DataException } from 'standpipe/api'
import type { CalendarSystem } from '../../dialect/calendar.ts'
import { dateMs } from '../../dialect/date-text.ts'
import type { TimeZone } from '../../dialect/time-zone.ts'
import { instantOfWallTime } from '../../dialect/wall-time.ts'

/**
 * Reads dates and times from the server's ISO texts. One object a table: the parts of the last text stay in its
 * fields, so that nothing is made per value.
 */
export class Moment {
  /** Whole milliseconds since 1970, rounded down. */
  ms = 0
  /** 0 to 999, on top of `ms`. */
  micros = 0
  readonly #zone: TimeZone
  readonly #calendar: CalendarSystem

  constructor(zone: TimeZone, calendar: CalendarSystem) {
    this.#zone = zone
    this.#calendar = calendar
  }

  /** `2024-01-01 00:00:00.123456`, with `+00` behind it or without: then it is what a wall clock shows. @throws DataException for infinity */
  readTimestamp(text: string): void {
    const blank = text.indexOf(' ')
    if (blank < 0) throw notFinite(text)
    const isBeforeChrist = text.endsWith(' BC')
    const end = isBeforeChrist ? text.length - 3 : text.length
    const sign = signPlace(text, blank + 9, end)
    const wall = this.#midnight(text, blank, isBeforeChrist) + clockMs(text, blank + 1)
    this.#readFraction(text, blank + 9, sign)
    this.ms += sign < end ? wall - offsetMs(text, sign, end) : instantOfWallTime(this.#zone, wall)
  }

  /** `2024-01-01` as milliseconds of midnight UTC. @throws DataException for infinity */
  dateMs(text: string): number {
    const isBeforeChrist = text.endsWith(' BC')
    const end = isBeforeChrist ? text.length - 3 : text.length
    if (text.charCodeAt(end - 1) > 57) throw notFinite(text)
    return this.#midnight(text, end, isBeforeChrist)
  }

  /** `10:00:00.5` as milliseconds since midnight UTC of what the zone's wall clocks show on 1970-01-01. */
  timeMs(text: string): number {
    this.#readFraction(text, 8, text.length)
    return instantOfWallTime(this.#zone, clockMs(text, 0)) + this.ms
  }

  /** `10:00:00.5+02:30:15` as milliseconds since midnight UTC. */
  zonedTimeMs(text: string): number {
    const sign = signPlace(text, 8, text.length)
    this.#readFraction(text, 8, sign)
    return clockMs(text, 0) + this.ms - offsetMs(text, sign, text.length)
  }

  #midnight(text: string, end: number, isBeforeChrist: boolean): number {
    const year = Number(text.slice(0, end - 6))
    return dateMs(isBeforeChrist ? 1 - year : year, twoDigits(text, end - 5), twoDigits(text, end - 2), this.#calendar)
  }

  /** Sets `ms` to the milliseconds of the fraction, `micros` to the rest. @param at where its point would be */
  #readFraction(text: string, at: number, end: number): void {
    let micros = 0
    let digits = 0
    for (let index = at + 1; index < end; index++, digits++) micros = micros * 10 + text.charCodeAt(index) - 48
    for (; digits < 6; digits++) micros *= 10
    this.ms = Math.floor(micros / 1000)
    this.micros = micros % 1000
  }
}

/** Where the offset from UTC begins; `end`: there is none. */
function signPlace(text: string, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === 43 || code === 45) return at
  }
  return end
}

/** `+hh`, `-hh:mm` or `+hh:mm:ss` */
function offsetMs(text: string, sign: number, end: number): number {
  let seconds = twoDigits(text, sign + 1) * 3600
  if (sign + 3 < end) seconds += twoDigits(text, sign + 4) * 60
  if (sign + 6 < end) seconds += twoDigits(text, sign + 7)
  return text.charCodeAt(sign) === 45 ? -seconds * 1000 : seconds * 1000
}

/** `hh:mm:ss` */
function clockMs(text: string, at: number): number {
  return ((twoDigits(text, at) * 60 + twoDigits(text, at + 3)) * 60 + twoDigits(text, at + 6)) * 1000
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
}

function notFinite(text: string): DataException {
  return new DataException(
    `The value ${text} is beyond what Connect's dates and times can hold. Leave such rows out with a query, or store NULL.`,
  )
}
