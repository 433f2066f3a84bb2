import { zones } from './date-symbols.ts'
import type { ParsedDate } from './parsed-date.ts'

/** Each returns the index behind the zone, -1 when there is none. Apache's texts come from java.text.SimpleDateFormat#subParse. */
export function parseGeneralZone(text: string, index: number, date: ParsedDate): number {
  const sign = signAt(text, index)
  if (sign !== 0) return parseOffset(text, index + 1, { sign, hasMinutes: true, hasColon: false, needsTwoDigits: true }, date)
  if (text.slice(index, index + 3).toUpperCase() !== 'GMT') return parseZoneName(text, index, date)
  const gmtSign = signAt(text, index + 3)
  if (gmtSign !== 0) return parseOffset(text, index + 4, { sign: gmtSign, hasMinutes: true, hasColon: true, needsTwoDigits: false }, date)
  date.offsetMinutes = 0
  return index + 3
}

/** @param count letters X: hours; hours and minutes; the same with a colon */
export function parseIsoZone(text: string, index: number, count: number, date: ParsedDate): number {
  if (text[index] === 'Z') {
    date.offsetMinutes = 0
    return index + 1
  }
  const sign = signAt(text, index)
  if (sign === 0) return -1
  return parseOffset(text, index + 1, { sign, hasMinutes: count > 1, hasColon: count === 3, needsTwoDigits: true }, date)
}

function signAt(text: string, index: number): -1 | 0 | 1 {
  const char = text[index]
  return char === '+' ? 1 : char === '-' ? -1 : 0
}

interface OffsetForm {
  readonly sign: -1 | 1
  readonly hasMinutes: boolean
  readonly hasColon: boolean
  /** Of the hours. */
  readonly needsTwoDigits: boolean
}

function parseOffset(text: string, index: number, form: OffsetForm, date: ParsedDate): number {
  const [, hours = ''] = /^(\d\d?)/.exec(text.slice(index, index + 2)) ?? []
  if (hours === '' || Number(hours) > 23 || (form.needsTwoDigits && hours.length < 2)) return -1
  const end = index + hours.length
  if (!form.hasMinutes) return setOffset(date, form.sign * Number(hours) * 60, end)
  const [whole, minutes] = (form.hasColon ? /^:(\d\d)/ : /^(\d\d)/).exec(text.slice(end, end + 3)) ?? []
  if (whole === undefined || Number(minutes) > 59) return -1
  return setOffset(date, form.sign * (Number(hours) * 60 + Number(minutes)), end + whole.length)
}

function setOffset(date: ParsedDate, minutes: number, end: number): number {
  date.offsetMinutes = minutes
  return end
}

function parseZoneName(text: string, index: number, date: ParsedDate): number {
  const [name = ''] = /^[a-zA-Z]+/.exec(text.slice(index, index + 5)) ?? []
  const minutes = zones.get(name.toUpperCase())
  return minutes === undefined ? -1 : setOffset(date, minutes, index + name.length)
}
