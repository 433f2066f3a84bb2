import type { ConnectValue } from '../api/data/connect-value.ts'
import { Decimal } from '../api/data/decimal.ts'
import { Double } from '../api/data/double.ts'
import { javaClass } from '../api/data/java-class.ts'
import { floatText } from '../api/data/java-number-text.ts'
import { javaText } from '../api/data/java-text.ts'
import { DATE_NAME, DateLogical, TIME_NAME, TimeLogical, TIMESTAMP_NAME, TimestampLogical } from '../api/data/logical.ts'
import { asLong } from '../api/data/long-value.ts'
import type { Schema, SchemaType } from '../api/data/schema.ts'
import { valueText } from '../api/data/value-text.ts'
import { DataException } from '../api/errors.ts'
import { javaClassOf } from './requirements.ts'
import { parseJavaDouble, parseJavaLong } from './java-number.ts'

export const castTypes = ['INT8', 'INT16', 'INT32', 'INT64', 'FLOAT32', 'FLOAT64', 'BOOLEAN', 'STRING'] as const

/** What values can be cast to. */
export type CastType = (typeof castTypes)[number]

const inputTypes: readonly SchemaType[] = [...castTypes, 'BYTES']

export type CastFunction = (value: ConnectValue) => ConnectValue

/**
 * The cast of values of a schema to a type, by Java's rules: numbers wrap and saturate, texts must fit. Apache Kafka 4.3, Cast.
 * @param schema of the values; null: schemaless, and so is the result
 * @returns a function of values that are not null, which throws DataException for what cannot be cast
 */
export function compileCast(schema: Schema | null, type: CastType): CastFunction {
  const cast = schema === null ? schemalessCasts[type] : compileTyped(schema, type)
  if (schema === null) return (value) => cast(supported(value))
  return inputTypes.includes(schema.type) ? cast : () => refuse(schema.type)
}

function compileTyped(schema: Schema, type: CastType): CastFunction {
  if (type === 'STRING') return (value) => castToString(value, schema)
  const cast = typedCasts[type]
  const isFloat = schema.type === 'FLOAT32' || schema.type === 'FLOAT64'
  const encode = encoders.get(schema.name ?? '')
  if (encode !== undefined) return (value) => cast(value instanceof Date ? encode(schema, value) : value, false)
  return (value) => cast(value, isFloat)
}

const encoders: ReadonlyMap<string, (schema: Schema, value: Date) => number> = new Map([
  [DATE_NAME, (schema: Schema, value: Date) => DateLogical.fromLogical(schema, value)],
  [TIME_NAME, (schema: Schema, value: Date) => TimeLogical.fromLogical(schema, value)],
  [TIMESTAMP_NAME, (schema: Schema, value: Date) => TimestampLogical.fromLogical(schema, value)],
])

type TypedCast = (value: ConnectValue, isFloat: boolean) => ConnectValue

const typedCasts: Readonly<Record<Exclude<CastType, 'STRING'>, TypedCast>> = {
  INT8: (value, isFloat) => castToInt(value, 8, isFloat),
  INT16: (value, isFloat) => castToInt(value, 16, isFloat),
  INT32: (value, isFloat) => castToInt(value, 32, isFloat),
  INT64: (value) => castToLong(value),
  FLOAT32: (value) => Math.fround(castToDouble(value)),
  FLOAT64: (value) => castToDouble(value),
  BOOLEAN: (value) => castToBoolean(value),
}

const schemalessCasts: Readonly<Record<CastType, CastFunction>> = {
  INT8: (value) => castToInt(value, 8, isDouble(value)),
  INT16: (value) => castToInt(value, 16, isDouble(value)),
  INT32: (value) => castToInt(value, 32, isDouble(value)),
  INT64: (value) => schemalessLong(value),
  FLOAT32: (value) => schemalessDouble(shortestFloat(Math.fround(castToDouble(value)))),
  FLOAT64: (value) => schemalessDouble(castToDouble(value)),
  BOOLEAN: (value) => castToBoolean(value),
  STRING: (value) => castToString(value, null),
}

/** @throws DataException for a schemaless value of a class that Connect has no type for, or that cannot be cast */
function supported(value: ConnectValue): ConnectValue {
  if (typeof value !== 'object' || value === null || value instanceof Double || Buffer.isBuffer(value)) {
    return typeof value === 'bigint' && BigInt.asIntN(64, value) !== value ? unknownClass(value) : value
  }
  if (value instanceof Date || value instanceof Decimal) return unknownClass(value)
  return refuse(Array.isArray(value) ? 'ARRAY' : 'MAP')
}

function unknownClass(value: ConnectValue): never {
  throw new DataException(`Cast transformation was passed a value of type ${javaClass(value)} which is not supported by Connect's data API`)
}

function refuse(type: SchemaType): never {
  throw new DataException(`Cast transformation does not support casting from ${type}; supported types are [${inputTypes.join(', ')}]`)
}

/** A schemaless number that is no whole one has been a double. */
function isDouble(value: ConnectValue): boolean {
  return typeof value === 'number' && !Number.isSafeInteger(value)
}

function castToInt(value: ConnectValue, bits: 8 | 16 | 32, isFloat: boolean): number {
  if (typeof value === 'number') return lowBits(isFloat ? saturated(value) : value, bits)
  if (value instanceof Double) return lowBits(saturated(value.valueOf()), bits)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return Number(parsedLong(value, bits))
  return Number(BigInt.asIntN(bits, wholeNumber(value)))
}

/** Java's narrowing of whole numbers. */
function lowBits(value: number, bits: 8 | 16 | 32): number {
  const int = (value | 0) === value ? value : Number(BigInt.asIntN(32, BigInt(value)))
  return (int << (32 - bits)) >> (32 - bits)
}

/** Java's narrowing of a double to an int, which comes before that to a short or byte. */
function saturated(value: number): number {
  if (value >= 2_147_483_647) return 2_147_483_647
  return value <= -2_147_483_648 ? -2_147_483_648 : Math.trunc(value) | 0
}

function castToLong(value: ConnectValue): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'string') return parsedLong(value, 64)
  return wholeNumber(value)
}

function schemalessLong(value: ConnectValue): ConnectValue {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  const long = castToLong(value)
  const number = Number(long)
  return Number.isSafeInteger(number) ? number : long
}

function castToDouble(value: ConnectValue): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint' || value instanceof Double) return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Decimal) return value.toNumber()
  if (typeof value === 'string') return parseJavaDouble(value) ?? outOfRange(value)
  return unexpected(value)
}

/** The double that has the text of the float: what Java shows. Six digits are within the precision of every float. */
function shortestFloat(float: number): number {
  return String(float).length <= 7 ? float : Number(floatText(float))
}

/** Keeps the difference between `1.0` and `1`. */
function schemalessDouble(value: number): ConnectValue {
  return Number.isInteger(value) ? new Double(value) : value
}

function castToBoolean(value: ConnectValue): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return value.toLowerCase() === 'true'
  if (typeof value === 'number') return Math.abs(value) >= 1
  return wholeNumber(value) !== 0n
}

function castToString(value: ConnectValue, schema: Schema | null): string {
  return value instanceof Date || Buffer.isBuffer(value) ? valueText(value, schema) : javaText(value, schema)
}

function wholeNumber(value: ConnectValue): bigint {
  if (typeof value === 'bigint' || typeof value === 'number' || value instanceof Double || value instanceof Decimal)
    return asLong(value, null)
  return unexpected(value)
}

function parsedLong(text: string, bits: number): bigint {
  return parseJavaLong(text, bits) ?? outOfRange(text)
}

function outOfRange(text: string): never {
  throw new DataException(`Value (${text}) was out of range for requested data type`)
}

function unexpected(value: ConnectValue): never {
  throw new DataException(`Unexpected type in Cast transformation: ${javaClassOf(value, null)}`)
}
