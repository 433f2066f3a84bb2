import type { ConnectStruct, ConnectValue } from './connect-value.ts'
import { Decimal } from './decimal.ts'
import { Double } from './double.ts'
import { localFields } from './java-date.ts'
import { doubleText, floatText } from './java-number-text.ts'
import type { Schema } from './schema.ts'

/**
 * Java's `toString` of a value: what StringConverter, FileStreamSink, Cast to string and Connect's messages print.
 * @param schema tells doubles, floats and structs apart where the value alone cannot; null: by the value
 */
export function javaText(value: ConnectValue | undefined, schema: Schema | null): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return numberText(value, schema)
    case 'object':
      return value === null ? 'null' : objectText(value, schema)
    case 'undefined':
      return 'null'
    default:
      return String(value)
  }
}

function numberText(value: number, schema: Schema | null): string {
  switch (schema?.type) {
    case 'FLOAT64':
      return doubleText(value)
    case 'FLOAT32':
      return floatText(value)
    default:
      return Number.isInteger(value) ? wholeText(value) : doubleText(value)
  }
}

const lowerHalf = 1_000_000

/**
 * A plain number beyond 2^53 cannot have been a Long. Ids and times have more than 31 bits, of which V8 is slow to make digits:
 * two halves take a third of the time.
 */
function wholeText(value: number): string {
  if (!Number.isSafeInteger(value)) return doubleText(value)
  const high = Math.floor(value / lowerHalf)
  if (value < 2 ** 31 || high >= 2 ** 31) return String(value)
  return `${high}${String(value - high * lowerHalf + lowerHalf).slice(1)}`
}

function objectText(value: object, schema: Schema | null): string {
  if (Array.isArray(value)) return listText(value as readonly ConnectValue[], schema)
  if (value instanceof Map) return mapText(value as ReadonlyMap<ConnectValue, ConnectValue>, schema)
  if (value instanceof Double) return doubleText(value.valueOf())
  if (value instanceof Date) return dateText(value)
  if (Buffer.isBuffer(value)) return `[B@${identity(value)}`
  if (value instanceof Decimal) return value.toString()
  const struct = value as ConnectStruct
  return schema?.type === 'STRUCT' ? structText(struct, schema) : schemalessMapText(struct)
}

function listText(list: readonly ConnectValue[], schema: Schema | null): string {
  const elementSchema = schema?.valueSchema ?? null
  return `[${list.map((element) => javaText(element, elementSchema)).join(', ')}]`
}

function mapText(map: ReadonlyMap<ConnectValue, ConnectValue>, schema: Schema | null): string {
  const entries = Array.from(
    map,
    ([key, value]) => `${javaText(key, schema?.keySchema ?? null)}=${javaText(value, schema?.valueSchema ?? null)}`,
  )
  return `{${entries.join(', ')}}`
}

function schemalessMapText(map: ConnectStruct): string {
  return `{${Object.keys(map)
    .map((key) => `${key}=${javaText(map[key], null)}`)
    .join(', ')}}`
}

/** Fields that are null are left out; defaults are not shown. */
function structText(struct: ConnectStruct, schema: Schema): string {
  const fields: string[] = []
  for (const field of schema.fields) {
    const value = Object.hasOwn(struct, field.name) ? struct[field.name] : null
    if (value !== null && value !== undefined) fields.push(`${field.name}=${javaText(value, field.schema)}`)
  }
  return `Struct{${fields.join(',')}}`
}

/** Stands for the identity hash that Java prints: it says nothing, and differs in every run there too. */
function identity(bytes: Buffer): string {
  let hash = 17
  for (const byte of bytes) hash = (hash * 31 + byte) | 0
  return (hash >>> 0).toString(16)
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** java.util.Date's text in the process's time zone: `Thu Jan 01 00:00:00 UTC 1970`. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return String(date)
  const fields = localFields(date)
  const time = [fields.hour, fields.minute, fields.second].map(twoDigits).join(':')
  const weekday = weekdays[date.getDay()] ?? ''
  const month = months[fields.month - 1] ?? ''
  const year = fields.year <= 0 ? 1 - fields.year : fields.year
  return `${weekday} ${month} ${twoDigits(fields.day)} ${time} ${zoneName(date)} ${String(year).padStart(4, '0')}`
}

function twoDigits(value: number): string {
  return value < 10 ? `0${String(value)}` : String(value)
}

let zoneFormats: readonly Intl.DateTimeFormat[] | null = null

/** `CET`, `PST`: no single English locale knows the short names of all zones. */
function zoneName(date: Date): string {
  zoneFormats ??= ['en-US', 'en-GB', 'en-AU', 'en-IN'].map((locale) => new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }))
  const names = zoneFormats.map((format) => format.formatToParts(date).find((part) => part.type === 'timeZoneName')?.value ?? 'UTC')
  return names.find((name) => !/[+-]\d/.test(name)) ?? names[0] ?? 'UTC'
}
