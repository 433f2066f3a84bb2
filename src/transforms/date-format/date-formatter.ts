import { DAY_MS, utcFields, type CalendarFields } from '../../api/data/java-date.ts'
import { dayOfYear, weekdayOf, weekOf, weekOfMonth } from './calendar.ts'
import type { FieldLetter, PatternPart } from './date-pattern.ts'
import { eras, halves, months, weekdays } from './date-symbols.ts'

type FormatPart = (fields: CalendarFields, ms: number) => string

/** @returns a function that writes a time, in milliseconds since the epoch, as its fields in UTC */
export function compileFormatter(parts: readonly PatternPart[]): (ms: number) => string {
  const formats = parts.map((part): FormatPart => {
    if (!('text' in part)) return compileField(part.letter, part.count)
    const { text } = part
    return () => text
  })
  return (ms) => {
    const fields = utcFields(ms)
    let text = ''
    for (const format of formats) text += format(fields, ms)
    return text
  }
}

function compileField(letter: FieldLetter, count: number): FormatPart {
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

const numbers: Readonly<Record<Exclude<FieldLetter, 'y' | 'Y' | 'M' | 'L' | 'E' | 'a' | 'G' | 'z' | 'Z' | 'X'>, NumberOf>> = {
  d: ({ day }) => day,
  H: ({ hour }) => hour,
  k: ({ hour }) => (hour === 0 ? 24 : hour),
  K: ({ hour }) => hour % 12,
  h: ({ hour }) => hour % 12 || 12,
  m: ({ minute }) => minute,
  s: ({ second }) => second,
  S: ({ millisecond }) => millisecond,
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

const twoDigits = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'))

function padded(value: number, length: number): string {
  const text = length === 2 ? twoDigits[value] : undefined
  return text ?? String(value).padStart(length, '0')
}
