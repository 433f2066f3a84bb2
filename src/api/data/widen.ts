import { DataException } from '../errors.ts'
import type { ConnectValue } from './connect-value.ts'
import { DATE_NAME, DateLogical, TIME_NAME, TimeLogical, TimestampLogical } from './logical.ts'
import { asDouble, asLong } from './long-value.ts'
import type { Schema } from './schema.ts'

/**
 * An element of a parsed array as the common schema wants it: where a date stands beside numbers, those count days or milliseconds.
 * @throws DataException for null, and for what cannot be such a number
 */
export function widen(schema: Schema, value: ConnectValue): ConnectValue {
  if (value === null) throw new DataException('Unable to convert a null value to a schema that requires a value')
  switch (schema.type) {
    case 'INT32':
      return widenInt(schema, value)
    case 'INT64':
      return widenLong(schema, value)
    case 'FLOAT32':
      return Math.fround(asDouble(value, null))
    case 'FLOAT64':
      return asDouble(value, null)
    default:
      return value
  }
}

function widenInt(schema: Schema, value: ConnectValue): ConnectValue {
  if (schema.name !== null && value instanceof Date) return value
  const int = Number(BigInt.asIntN(32, asLong(value, null)))
  if (schema.name === DATE_NAME) return DateLogical.toLogical(schema, int)
  return schema.name === TIME_NAME ? TimeLogical.toLogical(schema, int) : int
}

function widenLong(schema: Schema, value: ConnectValue): ConnectValue {
  if (schema.name === null) return asLong(value, null)
  return value instanceof Date ? value : TimestampLogical.toLogical(schema, asLong(value, null))
}
