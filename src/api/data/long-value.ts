import { DataException } from '../errors.ts'
import type { ConnectValue } from './connect-value.ts'
import { Decimal } from './decimal.ts'
import { javaClass } from './java-class.ts'
import { javaText } from './java-text.ts'
import { DATE_NAME, DateLogical, TIME_NAME, TimeLogical, TIMESTAMP_NAME, TimestampLogical } from './logical.ts'
import type { Schema } from './schema.ts'

const LONG_MAX = 2n ** 63n - 1n
const LONG_MIN = -(2n ** 63n)

/**
 * Java's longValue of whatever can be a number: fractions are cut, doubles saturate, longer integers wrap.
 * @param from schema of the value, which a date needs @throws DataException for everything else
 */
export function asLong(value: ConnectValue, from: Schema | null): bigint {
  const number = longOf(value)
  if (number !== null) return number
  if (value instanceof Date && from !== null) {
    const logical = dateNumber(value, from)
    if (logical !== null) return BigInt(logical)
  }
  throw unableToConvert(value, from)
}

/** Java's doubleValue. @throws DataException as `asLong` */
export function asDouble(value: ConnectValue, from: Schema | null): number {
  if (typeof value === 'number') return value
  if (value instanceof Number) return value.valueOf()
  const decimal = value instanceof Decimal ? value : typeof value === 'string' ? Decimal.parse(value) : null
  return decimal === null ? Number(asLong(value, from)) : decimal.toNumber()
}

function longOf(value: ConnectValue): bigint | null {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value)
  if (typeof value === 'number') return doubleToLong(value)
  if (value instanceof Number) return doubleToLong(value.valueOf())
  const decimal = value instanceof Decimal ? value : typeof value === 'string' ? Decimal.parse(value) : null
  return decimal === null ? null : decimal.toLong()
}

function doubleToLong(value: number): bigint {
  if (Number.isNaN(value)) return 0n
  if (value >= 2 ** 63) return LONG_MAX
  return value <= -(2 ** 63) ? LONG_MIN : BigInt(Math.trunc(value))
}

function dateNumber(value: Date, from: Schema): number | null {
  switch (from.name) {
    case DATE_NAME:
      return DateLogical.fromLogical(from, value)
    case TIME_NAME:
      return TimeLogical.fromLogical(from, value)
    case TIMESTAMP_NAME:
      return TimestampLogical.fromLogical(from, value)
    default:
      return null
  }
}

/** @param to null: a number was asked for */
export function unableToConvert(value: ConnectValue, to: Schema | null): DataException {
  const target = to === null ? 'a number' : `Schema{${to.name === null ? '' : `${to.name}:`}${to.type}}`
  return new DataException(`Unable to convert ${javaText(value, null)} (${javaClass(value)}) to ${target}`)
}
