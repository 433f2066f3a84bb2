import { DataException } from '../errors.ts'
import type { ConnectStruct, ConnectValue } from './connect-value.ts'
import { Decimal } from './decimal.ts'
import { inferSchema } from './infer-schema.ts'
import { DAY_MS } from './java-date.ts'
import { doubleText } from './java-number-text.ts'
import {
  DATE_NAME,
  DATE_SCHEMA,
  DateLogical,
  DecimalLogical,
  TIME_NAME,
  TIME_SCHEMA,
  TimeLogical,
  TIMESTAMP_NAME,
  TIMESTAMP_SCHEMA,
  TimestampLogical,
} from './logical.ts'
import { asDouble, asLong, unableToConvert } from './long-value.ts'
import { ConnectSchema, type Schema } from './schema.ts'
import { instanceChecks } from './struct.ts'
import { parseString } from './value-parser.ts'
import { valueText } from './value-text.ts'

/**
 * Conversions between Connect values, for connectors and transformations that get data of one type and want another.
 * Each takes the value's schema (null: not known) and throws DataException where no conversion exists.
 * Null stays null, but is refused for lists, maps, structs, decimals and dates. Apache Kafka 4.3, Values.
 */
export const Values = {
  convertToBoolean(schema: Schema | null, value: ConnectValue): boolean | null {
    if (value === null || typeof value === 'boolean') return value
    const parsed = typeof value === 'string' ? parseString(value).value : null
    return typeof parsed === 'boolean' ? parsed : asLong(value, schema) !== 0n
  },

  convertToByte(schema: Schema | null, value: ConnectValue): number | null {
    return lowBits(schema, value, 8)
  },

  convertToShort(schema: Schema | null, value: ConnectValue): number | null {
    return lowBits(schema, value, 16)
  },

  convertToInteger(schema: Schema | null, value: ConnectValue): number | null {
    return lowBits(schema, value, 32)
  },

  convertToLong(schema: Schema | null, value: ConnectValue): bigint | null {
    return value === null ? null : asLong(value, schema)
  },

  convertToFloat(schema: Schema | null, value: ConnectValue): number | null {
    return value === null ? null : Math.fround(asDouble(value, schema))
  },

  convertToDouble(schema: Schema | null, value: ConnectValue): number | null {
    return value === null ? null : asDouble(value, schema)
  },

  /** The form that `parseString` reads. */
  convertToString(schema: Schema | null, value: ConnectValue): string | null {
    return value === null ? null : valueText(value, schema)
  },

  convertToList(_schema: Schema | null, value: ConnectValue): readonly ConnectValue[] {
    const list = parsedIfText(required(value))
    if (isList(list)) return list
    throw unableToConvert(list, selector('ARRAY'))
  },

  /** A map of a schema as it is; a schemaless one is a plain object. */
  convertToMap(schema: Schema | null, value: ConnectValue): ReadonlyMap<ConnectValue, ConnectValue> | ConnectStruct {
    const map = parsedIfText(required(value))
    if (map instanceof Map || (schema?.type !== 'STRUCT' && instanceChecks.STRUCT(map))) return map as ConnectStruct
    throw unableToConvert(map, selector('MAP'))
  },

  convertToStruct(schema: Schema | null, value: ConnectValue): ConnectStruct {
    if (schema?.type === 'STRUCT' && instanceChecks.STRUCT(required(value))) return value as ConnectStruct
    throw unableToConvert(required(value), selector('STRUCT'))
  },

  /** @param scale for bytes, which do not tell theirs; everything else keeps its own */
  convertToDecimal(_schema: Schema | null, value: ConnectValue, scale: number): Decimal {
    const found = required(value)
    if (found instanceof Decimal) return found
    if (Buffer.isBuffer(found)) return DecimalLogical.toLogical(DecimalLogical.schema(scale), found)
    if (typeof found === 'string') return decimalOf(found)
    if (typeof found === 'number' || typeof found === 'bigint' || found instanceof Number) return decimalOf(doubleText(Number(found)))
    throw unableToConvert(found, DecimalLogical.schema(scale))
  },

  convertToDate(schema: Schema | null, value: ConnectValue): Date {
    const found = parsedIfText(required(value))
    if (found instanceof Date) {
      if (schema === null || schema.name === DATE_NAME) return found
      if (schema.name === TIMESTAMP_NAME) return DateLogical.toLogical(DATE_SCHEMA, Math.trunc(found.getTime() / DAY_MS))
    }
    return DateLogical.toLogical(DATE_SCHEMA, Number(BigInt.asIntN(32, asLong(found, schema))))
  },

  convertToTime(schema: Schema | null, value: ConnectValue): Date {
    const found = parsedIfText(required(value))
    if (found instanceof Date) {
      if (schema === null || schema.name === TIME_NAME) return found
      if (schema.name === TIMESTAMP_NAME) return TimeLogical.toLogical(TIME_SCHEMA, ((found.getTime() % DAY_MS) + DAY_MS) % DAY_MS)
    }
    return TimeLogical.toLogical(TIME_SCHEMA, Number(BigInt.asIntN(32, asLong(found, schema))))
  },

  convertToTimestamp(schema: Schema | null, value: ConnectValue): Date {
    const found = parsedIfText(required(value))
    if (found instanceof Date) {
      if (schema === null || schema.name === TIMESTAMP_NAME) return found
      if (schema.name === DATE_NAME) return new Date(DateLogical.fromLogical(schema, found) * DAY_MS)
      if (schema.name === TIME_NAME) return new Date(TimeLogical.fromLogical(schema, found))
    }
    return TimestampLogical.toLogical(TIMESTAMP_SCHEMA, asLong(found, schema))
  },

  inferSchema,
  parseString,
} as const

function lowBits(schema: Schema | null, value: ConnectValue, bits: 8 | 16 | 32): number | null {
  return value === null ? null : Number(BigInt.asIntN(bits, asLong(value, schema)))
}

function required(value: ConnectValue): ConnectValue {
  if (value === null) throw new DataException('Unable to convert a null value to a schema that requires a value')
  return value
}

function parsedIfText(value: ConnectValue): ConnectValue {
  return typeof value === 'string' ? required(parseString(value).value) : value
}

function isList(value: ConnectValue): value is readonly ConnectValue[] {
  return Array.isArray(value)
}

function selector(type: 'ARRAY' | 'MAP' | 'STRUCT'): Schema {
  return new ConnectSchema({ type })
}

function decimalOf(text: string): Decimal {
  const decimal = Decimal.parse(text)
  if (decimal !== null) return decimal
  const odd = /^[+-]?[\d.]*(?:[eE][+-]?\d*)?([^])/.exec(text)?.[1]
  if (odd === undefined) throw new DataException(`Not a decimal number: "${text}"`)
  throw new DataException(`Character ${odd} is neither a decimal digit number, decimal point, nor "e" notation exponential mark.`)
}
