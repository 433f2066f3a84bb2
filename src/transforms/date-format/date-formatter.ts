import { DAY_MS, utcFields, type CalendarFields } from '../../api/data/java-date.ts'
import { dayOfYear, weekdayOf, weekOf, weekOfMonth } from './calendar.ts'
import type { FieldLetter, PatternPart } from './date-pattern.ts'
import { eras, halves, months, weekdays } from './date-symbols.ts'

type FormatPart = (fields: CalendarFields, ms: number) => string

/**
 * Times in a row are mostly of the same second: only its milliseconds are written anew.
 * @returns a function that writes a time, in milliseconds since the epoch, as its fields in UTC
 */
export function compileFormatter(parts: readonly PatternPart[]): (ms: number) => string {
  const { runs, counts } = splitAtMilliseconds(parts)
  let lastSecond = NaN
  let texts: readonly string[] = []
  return (ms) => {
    const second = Math.floor(ms / 1000)
    if (second !== lastSecond) {
      texts = runs.map((formats) => formatAll(formats, ms))
      lastSecond = second
    }
    let text = texts[0] ?? ''
    for (let index = 0; index < counts.length; index++) text += padded(ms - second * 1000, counts[index] ?? 1) + (texts[index + 1] ?? '')
    return text
  }
}

/** What stands between milliseconds, before the first and behind the last, and how many letters each of them has. */
interface Split {
  readonly runs: readonly (readonly FormatPart[])[]
  readonly counts: readonly number[]
}

function splitAtMilliseconds(parts: readonly PatternPart[]): Split {
  const counts: number[] = []
  let run: FormatPart[] = []
  const runs = [run]
  for (const part of parts) {
    if ('text' in part) run.push(() => part.text)
    else if (part.letter !== 'S') run.push(compileField(part.letter, part.count))
    else {
      counts.push(part.count)
      runs.push((run = []))
    }
  }
  return { runs, counts }
}

function formatAll(formats: readonly FormatPart[], ms: number): string {
  const fields = utcFields(ms)
  let text = ''
  for (const format of formats) text += format(fields, ms)
  return text
}

function compileField(letter: Exclude<FieldLetter, 'S'>, count: number): FormatPart {
  switch (letter) {
    case 'y':
      return ({ year }) => yearText(year > 0 ? year : 1 - year, count)
    case 'Y':
      return (fields) => yearText(weekOf(fields).weekYear, count)
    case 'M':
    case 'L':
      return count > 2 ? ({ month }) => name(months, month - 1, count) : ({ month }) => padded(month, count)
    case 'E':
      return (_fields, ms) => name(weekdays, weekdayOf(Math.floor(ms / DAY_MS)), count)
    case 'a':
      return ({ hour }) => halves[hour < 12 ? 0 : 1]
    case 'G':
      return ({ year }) => eras[year > 0 ? 1 : 0]
    case 'z':
      return () => (count > 3 ? 'Coordinated Universal Time' : 'UTC')
    case 'Z':
      return () => '+0000'
    case 'X':
      return () => 'Z'
    default:
      return compileNumber(numbers[letter], count)
  }
}

type NumberOf = (fields: CalendarFields, ms: number) => number

const numbers: Readonly<Record<Exclude<FieldLetter, 'y' | 'Y' | 'M' | 'L' | 'E' | 'a' | 'G' | 'z' | 'Z' | 'X' | 'S'>, NumberOf>> = {
  d: ({ day }) => day,
  H: ({ hour }) => hour,
  k: ({ hour }) => (hour === 0 ? 24 : hour),
  K: ({ hour }) => hour % 12,
  h: ({ hour }) => hour % 12 || 12,
  m: ({ minute }) => minute,
  s: ({ second }) => second,
  D: (fields) => dayOfYear(fields),
  F: ({ day }) => Math.floor((day - 1) / 7) + 1,
  w: (fields) => weekOf(fields).week,
  W: (fields) => weekOfMonth(fields),
  u: (_fields, ms) => weekdayOf(Math.floor(ms / DAY_MS)) || 7,
}

function compileNumber(numberOf: NumberOf, count: number): FormatPart {
  return (fields, ms) => padded(numberOf(fields, ms), count)
}

/** Two letters mean the last two digits, any other number of them all. */
function yearText(year: number, count: number): string {
  return count === 2 ? padded(year % 100, 2) : padded(year, count)
}

function name(names: readonly string[], index: number, count: number): string {
  const found = names[index] ?? ''
  return count > 3 ? found : found.slice(0, 3)
}

const upTo = (limit: number, digits: number) => Array.from({ length: limit }, (_, value) => String(value).padStart(digits, '0'))
const twoDigits = upTo(100, 2)
const threeDigits = upTo(1000, 3)

function padded(value: number, length: number): string {
  const text = length === 2 ? twoDigits[value] : length === 3 ? threeDigits[value] : undefined
  return text ?? String(value).padStart(length, '0')
}
