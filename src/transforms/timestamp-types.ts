import type { ConnectValue } from '../api/data/connect-value.ts'
import { DAY_MS } from '../api/data/java-date.ts'
import {
  DATE_NAME,
  DATE_SCHEMA,
  DateLogical,
  TIME_NAME,
  TIME_SCHEMA,
  TimeLogical,
  TIMESTAMP_NAME,
  TIMESTAMP_SCHEMA,
  TimestampLogical,
} from '../api/data/logical.ts'
import { INT64_SCHEMA, OPTIONAL_INT64_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA, type Schema } from '../api/data/schema.ts'
import { ConnectException, DataException } from '../api/errors.ts'
import type { SimpleDateFormat } from './date-format/simple-date-format.ts'
import { javaClassOf } from './requirements.ts'

export const timestampTypes = ['string', 'unix', 'Date', 'Time', 'Timestamp'] as const
export const unixPrecisions = ['nanoseconds', 'microseconds', 'milliseconds', 'seconds'] as const

/** The forms a time can have. */
export type TimestampType = (typeof timestampTypes)[number]
export type UnixPrecision = (typeof unixPrecisions)[number]

/** How texts and numbers are meant. */
export interface TimestampForm {
  /** Null: texts cannot be read. */
  readonly format: SimpleDateFormat | null
  readonly precision: UnixPrecision
}

const optionalSchemas: Readonly<Record<TimestampType, Schema>> = {
  string: OPTIONAL_STRING_SCHEMA,
  unix: OPTIONAL_INT64_SCHEMA,
  Date: DateLogical.builder().optional().build(),
  Time: TimeLogical.builder().optional().build(),
  Timestamp: TimestampLogical.builder().optional().build(),
}

const requiredSchemas: Readonly<Record<TimestampType, Schema>> = {
  string: STRING_SCHEMA,
  unix: INT64_SCHEMA,
  Date: DATE_SCHEMA,
  Time: TIME_SCHEMA,
  Timestamp: TIMESTAMP_SCHEMA,
}

export function timestampSchema(type: TimestampType, isOptional: boolean): Schema {
  return (isOptional ? optionalSchemas : requiredSchemas)[type]
}

/** The form that values of a schema have. @throws ConnectException when it is none of the known */
export function timestampTypeOf(schema: Schema): TimestampType {
  if (schema.name === TIMESTAMP_NAME) return 'Timestamp'
  if (schema.name === DATE_NAME) return 'Date'
  if (schema.name === TIME_NAME) return 'Time'
  if (schema.type === 'STRING') return 'string'
  if (schema.type === 'INT64') return 'unix'
  throw new ConnectException(`Schema ${String(schema)} does not correspond to a known timestamp type format`)
}

/** The form of a schemaless value. @throws DataException when it is none of the known */
export function inferTimestampType(value: ConnectValue): TimestampType {
  if (value instanceof Date) return 'Timestamp'
  if (typeof value === 'string') return 'string'
  if (Number.isSafeInteger(value) || (typeof value === 'bigint' && BigInt.asIntN(64, value) === value)) return 'unix'
  throw new DataException(`TimestampConverter does not support ${javaClassOf(value, null)} objects as timestamps`)
}

/** Adding 0 makes 0 of -0. @returns milliseconds since the epoch @throws DataException when the value is not of that form */
export function readTimestamp(value: ConnectValue, type: TimestampType, form: TimestampForm): number {
  switch (type) {
    case 'string':
      return readText(value, form.format)
    case 'unix':
      return readUnix(value, form.precision)
    default:
      if (value instanceof Date) return value.getTime()
      throw new DataException(`Expected ${type} to be a java.util.Date, but found ${javaClassOf(value, null)}`)
  }
}

function readText(value: ConnectValue, format: SimpleDateFormat | null): number {
  if (typeof value !== 'string') throw new DataException(`Expected string timestamp to be a String, but found ${javaClassOf(value, null)}`)
  if (format === null) throw new DataException('TimestampConverter requires format option to be specified when using string timestamps')
  const ms = format.parse(value)
  if (ms !== null) return ms
  throw new DataException(`Could not parse timestamp: value (${value}) does not match pattern (${format.pattern})`)
}

function readUnix(value: ConnectValue, precision: UnixPrecision): number {
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    throw new DataException(`Expected Unix timestamp to be a Long, but found ${javaClassOf(value, null)}`)
  }
  switch (precision) {
    case 'seconds':
      return Number(value) * 1000
    case 'milliseconds':
      return Number(value)
    case 'microseconds':
      return typeof value === 'bigint' ? Number(value / 1000n) : Math.trunc(value / 1000) + 0
    case 'nanoseconds':
      return typeof value === 'bigint' ? Number(value / 1_000_000n) : Math.trunc(value / 1_000_000) + 0
  }
}

/** @param ms since the epoch @param isTyped for a schema, where a unix time is an INT64 */
export function writeTimestamp(
  ms: number,
  type: Exclude<TimestampType, 'string'>,
  precision: UnixPrecision,
  isTyped: boolean,
): ConnectValue {
  switch (type) {
    case 'unix':
      return writeUnix(ms, precision, isTyped)
    case 'Date':
      return new Date(Math.floor(ms / DAY_MS) * DAY_MS)
    case 'Time':
      return new Date(((ms % DAY_MS) + DAY_MS) % DAY_MS)
    case 'Timestamp':
      return new Date(ms)
  }
}

const LONG_MAX = 2n ** 63n - 1n
const LONG_MIN = -(2n ** 63n)

function writeUnix(ms: number, precision: UnixPrecision, isTyped: boolean): ConnectValue {
  const time = unixTime(ms, precision)
  return isTyped ? BigInt(time) : time
}

/** A number where it is exact. Beyond 64 bits the nearest long, as TimeUnit of Java has it. */
function unixTime(ms: number, precision: UnixPrecision): number | bigint {
  if (precision === 'seconds') return Math.trunc(ms / 1000) + 0
  const perMs = precision === 'nanoseconds' ? 1_000_000 : precision === 'microseconds' ? 1000 : 1
  const time = ms * perMs
  if (Number.isSafeInteger(time)) return time
  const exact = BigInt(ms) * BigInt(perMs)
  return exact > LONG_MAX ? LONG_MAX : exact < LONG_MIN ? LONG_MIN : exact
}
