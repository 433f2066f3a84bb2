import { DataException } from '../errors.ts'
import { Decimal } from './decimal.ts'
import { DAY_MS } from './java-date.ts'
import type { Schema } from './schema.ts'
import { SchemaBuilder } from './schema-builder.ts'

/**
 * Connect's logical types under Java's names (`org.apache.kafka.connect.data.Decimal`, …): a schema of a plain type
 * whose `name` says what the values mean. `fromLogical` gives the plain form that goes into bytes, `toLogical` reads it.
 */
const prefix = 'org.apache.kafka.connect.data.'

/** Names of the logical types' schemas. */
export const DECIMAL_NAME = `${prefix}Decimal`
export const DATE_NAME = `${prefix}Date`
export const TIME_NAME = `${prefix}Time`
export const TIMESTAMP_NAME = `${prefix}Timestamp`

const SCALE_FIELD = 'scale'

/** Exact decimals: BYTES with the unscaled value as two's complement, big-endian, and the parameter `scale`. */
export const DecimalLogical = {
  LOGICAL_NAME: DECIMAL_NAME,
  SCALE_FIELD,

  /** A builder, for an optional schema or one with a default. */
  builder(scale: number): SchemaBuilder {
    return SchemaBuilder.bytes().name(DECIMAL_NAME).parameter(SCALE_FIELD, String(scale)).version(1)
  },

  schema(scale: number): Schema {
    return DecimalLogical.builder(scale).build()
  },

  /** @throws DataException when the schema is of another scale than the value, or of none */
  fromLogical(schema: Schema, value: Decimal): Buffer {
    const scale = scaleOf(schema)
    if (value.scale === scale) return twosComplement(value.unscaled)
    throw new DataException(
      `Decimal value has mismatching scale for given Decimal schema. Schema has scale ${String(scale)}, value has scale ${String(value.scale)}.`,
    )
  },

  toLogical(schema: Schema, value: Buffer): Decimal {
    return new Decimal(fromTwosComplement(value), scaleOf(schema))
  },
}

/** A day without time zone: INT32, days since 1970-01-01. Values are midnight UTC of that day. */
export const DateLogical = {
  LOGICAL_NAME: DATE_NAME,

  builder(): SchemaBuilder {
    return SchemaBuilder.int32().name(DATE_NAME).version(1)
  },

  /** @throws DataException when the schema is not a Date, or the value is not a whole day UTC */
  fromLogical(schema: Schema, value: Date): number {
    requireName(schema, DATE_NAME, 'Date')
    const days = validTime(value) / DAY_MS
    if (Number.isInteger(days)) return days
    throw new DataException('Kafka Connect Date type should not have any time fields set to non-zero values.')
  },

  toLogical(schema: Schema, days: number): Date {
    requireName(schema, DATE_NAME, 'Date')
    return new Date(days * DAY_MS)
  },
}

/** A time of day: INT32, milliseconds since midnight. Values are that time on 1970-01-01 UTC. */
export const TimeLogical = {
  LOGICAL_NAME: TIME_NAME,

  builder(): SchemaBuilder {
    return SchemaBuilder.int32().name(TIME_NAME).version(1)
  },

  /** @throws DataException when the schema is not a Time, or the value is not on the first day */
  fromLogical(schema: Schema, value: Date): number {
    requireName(schema, TIME_NAME, 'Time')
    const ms = validTime(value)
    if (ms >= 0 && ms <= DAY_MS) return ms
    throw new DataException('Kafka Connect Time type should not have any date fields set to non-zero values.')
  },

  toLogical(schema: Schema, ms: number): Date {
    requireName(schema, TIME_NAME, 'Date')
    if (ms >= 0 && ms <= DAY_MS) return new Date(ms)
    throw new DataException(`Time values must use number of milliseconds greater than 0 and less than ${String(DAY_MS)}`)
  },
}

/** A point in time: INT64, milliseconds since the epoch. */
export const TimestampLogical = {
  LOGICAL_NAME: TIMESTAMP_NAME,

  builder(): SchemaBuilder {
    return SchemaBuilder.int64().name(TIMESTAMP_NAME).version(1)
  },

  /** @returns epoch milliseconds as a number: a Date is never beyond 2^53 */
  fromLogical(schema: Schema, value: Date): number {
    requireName(schema, TIMESTAMP_NAME, 'Timestamp')
    return validTime(value)
  },

  /** Beyond ±8.64e15 ms (years ±275760) the result is an invalid Date, which nothing writes. */
  toLogical(schema: Schema, ms: number | bigint): Date {
    requireName(schema, TIMESTAMP_NAME, 'Timestamp')
    return new Date(Number(ms))
  },
}

/** Required, without default; `builder()` makes others. */
export const DATE_SCHEMA = DateLogical.builder().build()
export const TIME_SCHEMA = TimeLogical.builder().build()
export const TIMESTAMP_SCHEMA = TimestampLogical.builder().build()

function requireName(schema: Schema, name: string, shown: string): void {
  if (schema.name !== name) throw new DataException(`Requested conversion of ${shown} object but the schema does not match.`)
}

function validTime(value: Date): number {
  const ms = value.getTime()
  if (Number.isNaN(ms)) throw new DataException('Invalid date: it is beyond ±8.64e15 ms from 1970, the range of a JavaScript Date.')
  return ms
}

function scaleOf(schema: Schema): number {
  const text = schema.parameters?.get(SCALE_FIELD)
  if (text === undefined) throw new DataException('Invalid Decimal schema: scale parameter not found.')
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  throw new DataException('Invalid scale parameter found in Decimal schema: ')
}

function twosComplement(value: bigint): Buffer {
  let length = 1
  while (BigInt.asIntN(length * 8, value) !== value) length++
  return Buffer.from(
    BigInt.asUintN(length * 8, value)
      .toString(16)
      .padStart(length * 2, '0'),
    'hex',
  )
}

function fromTwosComplement(bytes: Buffer): bigint {
  if (bytes.length === 0) throw new DataException('Invalid Decimal bytes: there are none, one at least is needed.')
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
}
