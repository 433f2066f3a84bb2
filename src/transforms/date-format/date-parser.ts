import type { FieldLetter, PatternField, PatternPart } from './date-pattern.ts'
import { eras, halves, months, weekdays } from './date-symbols.ts'
import { ParsedDate } from './parsed-date.ts'
import { parseGeneralZone, parseIsoZone } from './zone-parser.ts'

/** Reads one part at the index. @returns the index behind it, -1 when it is not there */
type ParsePart = (text: string, index: number, date: ParsedDate) => number

/**
 * @param now milliseconds since the epoch: years of two digits lie from 80 years before to 20 years after
 * @returns a function that reads the begin of a text; null when it does not fit
 */
export function compileParser(parts: readonly PatternPart[], now: number): (text: string) => number | null {
  const centuryStart = new Date(now)
  centuryStart.setUTCFullYear(centuryStart.getUTCFullYear() - 80)
  const parses = parts.map((part, index): ParsePart => {
    if ('text' in part) return (text, at) => (text.startsWith(part.text, at) ? at + part.text.length : -1)
    return afterBlanks(compileField(part, isNumeric(parts[index + 1]), centuryStart.getUTCFullYear()))
  })
  return (text) => {
    const date = new ParsedDate()
    let index = 0
    for (const parse of parses) {
      index = parse(text, index, date)
      if (index < 0) return null
    }
    return inCentury(date, centuryStart.getTime())
  }
}

function inCentury(date: ParsedDate, centuryStart: number): number {
  const time = date.time()
  if (!date.isAmbiguousYear || time >= centuryStart) return time
  date.year += 100
  return date.time()
}

/** Whether the part is read as digits: then a number in front of it ends after as many digits as it has letters. */
function isNumeric(part: PatternPart | undefined): boolean {
  if (part === undefined || 'text' in part) return false
  return part.letter === 'M' || part.letter === 'L' ? part.count <= 2 : !'GEazZX'.includes(part.letter)
}

type ParseField = (text: string, index: number, date: ParsedDate, start: number) => number

/** Blanks and tabs in front of a field are left out. */
function afterBlanks(parse: ParseField): ParsePart {
  return (text, start, date) => {
    let index = start
    while (text[index] === ' ' || text[index] === '\t') index++
    return index < text.length ? parse(text, index, date, start) : -1
  }
}

function compileField({ letter, count }: PatternField, obeysCount: boolean, centuryStartYear: number): ParseField {
  switch (letter) {
    case 'M':
    case 'L':
      return count > 2
        ? named([months, shortened(months)], (date, month) => {
            setMonth(date, month + 1)
          })
        : number(setMonth, count, obeysCount)
    case 'E':
      return named([weekdays, shortened(weekdays)], (date, weekday) => {
        date.setWeekday(weekday)
      })
    case 'a':
      return named([halves], (date, half) => {
        date.half = half
      })
    case 'G':
      return named([eras], (date, era) => {
        date.isBeforeChrist = era === 0
      })
    case 'z':
    case 'Z':
      return parseGeneralZone
    case 'X':
      return (text, index, date) => parseIsoZone(text, index, count, date)
    case 'y':
    case 'Y':
      return compileYear(letter, count, obeysCount, centuryStartYear)
    default:
      return number(setters[letter], count, obeysCount)
  }
}

type SetField = (date: ParsedDate, value: number) => void

function setMonth(date: ParsedDate, month: number): void {
  date.month = month
}

function setHour(date: ParsedDate, hour: number, isHalfDayHour: boolean): void {
  date.hour = hour
  date.isHalfDayHour = isHalfDayHour
}

const setters: Readonly<Record<Exclude<FieldLetter, 'M' | 'L' | 'E' | 'a' | 'G' | 'z' | 'Z' | 'X' | 'y' | 'Y'>, SetField>> = {
  d: (date, day) => {
    date.day = day
    date.dayKind = 'month'
  },
  D: (date, dayOfYear) => {
    date.dayOfYear = dayOfYear
    date.dayKind = 'year'
  },
  w: (date, week) => {
    date.setWeek(week)
  },
  u: (date, weekday) => {
    date.setWeekday(weekday % 7)
  },
  // Weeks of months tell no day without more than people write: they are read over.
  F: () => undefined,
  W: () => undefined,
  H: (date, hour) => {
    setHour(date, hour, false)
  },
  k: (date, hour) => {
    setHour(date, hour === 24 ? 0 : hour, false)
  },
  K: (date, hour) => {
    setHour(date, hour, true)
  },
  h: (date, hour) => {
    setHour(date, hour === 12 ? 0 : hour, true)
  },
  m: (date, minute) => {
    date.minute = minute
  },
  s: (date, second) => {
    date.second = second
  },
  S: (date, millisecond) => {
    date.millisecond = millisecond
  },
}

function number(set: SetField, count: number, obeysCount: boolean): ParseField {
  return (text, index, date, start) => {
    const end = endOfNumber(text, index, start, count, obeysCount)
    if (end < 0) return -1
    set(date, Number(text.slice(index, end)) | 0)
    return end
  }
}

/** Two digits under at most two letters are a year near now; anything else is the year itself. */
function compileYear(letter: 'y' | 'Y', count: number, obeysCount: boolean, centuryStartYear: number): ParseField {
  const century = Math.floor(centuryStartYear / 100) * 100
  const startInCentury = centuryStartYear % 100
  return (text, index, date, start) => {
    const end = endOfNumber(text, index, start, count, obeysCount)
    if (end < 0) return -1
    let year = Number(text.slice(index, end)) | 0
    if (count <= 2 && end - index === 2 && year >= 0) {
      date.isAmbiguousYear = year === startInCentury
      year += century + (year < startInCentury ? 100 : 0)
    }
    date.weekYear = letter === 'Y' ? year : null
    if (letter === 'y') date.year = year
    return end
  }
}

const MINUS = 0x2d
const ZERO = 0x30

/** @param start where the field begins, blanks included: they count as digits where the count of letters is obeyed */
function endOfNumber(text: string, index: number, start: number, count: number, obeysCount: boolean): number {
  const limit = obeysCount ? start + count : text.length
  if (limit > text.length) return -1
  const first = text.charCodeAt(index) === MINUS ? index + 1 : index
  let end = first
  while (end < limit && isDigit(text.charCodeAt(end))) end++
  return end > first ? end : -1
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9
}

function shortened(names: readonly string[]): readonly string[] {
  return names.map((name) => name.slice(0, 3))
}

/** One of the names in any case, the longest that fits. Unlike numbers, names do not follow blanks. @param forms the same names at other lengths */
function named(forms: readonly (readonly string[])[], set: SetField): ParseField {
  const known = forms.flatMap((names) => names.map((name, index) => ({ name: name.toLowerCase(), index })))
  known.sort((a, b) => b.name.length - a.name.length)
  return (text, _index, date, start) => {
    for (const { name, index } of known) {
      if (text.slice(start, start + name.length).toLowerCase() !== name) continue
      set(date, index)
      return start + name.length
    }
    return -1
  }
}
