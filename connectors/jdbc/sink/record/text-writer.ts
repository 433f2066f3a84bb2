import {
  DATE_NAME,
  DECIMAL_NAME,
  Decimal,
  DataException,
  TIMESTAMP_NAME,
  TIME_NAME,
  type ConnectStruct,
  type ConnectValue,
  type Schema,
} from 'standpipe/api'
import { arrayLiteral, literalOfArrays } from '../../dialect/array-literal.ts'
import type { TemporalText } from '../../dialect/temporal-text.ts'
import { debeziumShapeWriter } from './debezium-shapes.ts'
import { debeziumTimeWriter } from './debezium-time.ts'
import { hstoreText } from './hstore-text.ts'
import { jsonText } from './json-text.ts'
import { anyArray, schemalessArrayText } from './schemaless-array.ts'

/** Turns a value that is not null into the text that the server reads. @throws DataException for a value that cannot be one */
export type TextWriter = (value: ConnectValue) => string

/** What a text is for. */
export interface TextTarget {
  /** `pg_type.typname` of the column, domains left out; null: not known, as inside of arrays of arrays. */
  readonly baseType: string | null
  /** `pg_type.typcategory`. */
  readonly category: string
  /** `typname` of an array's elements, else null. */
  readonly elementType: string | null
}

const jsonTypes: ReadonlySet<string> = new Set(['json', 'jsonb'])
const variableScaleDecimals: ReadonlySet<string> = new Set([
  'io.debezium.data.VariableScaleDecimal',
  'io.confluent.connect.jdbc.data.VariableScaleDecimal',
])

/** Whether every text that values of a schema become is free of quotation marks, commas and the like: numbers, truth values, dates. */
export function writesPlainText({ name, type }: Schema): boolean {
  if (name !== null) return plainLogicalTypes.has(name)
  return !['STRING', 'BYTES', 'ARRAY', 'MAP', 'STRUCT'].includes(type)
}

const plainLogicalTypes: ReadonlySet<string> = new Set([DECIMAL_NAME, DATE_NAME, TIME_NAME, TIMESTAMP_NAME])

/** The writer for values of a schema into a column. Null: they do not go together, whatever the value. */
export function textWriter(schema: Schema, target: TextTarget, temporal: TemporalText): TextWriter | null {
  return logicalWriter(schema, target, temporal) ?? plainWriter(schema, target, temporal)
}

function logicalWriter({ name }: Schema, target: TextTarget, temporal: TemporalText): TextWriter | null {
  switch (name) {
    case null:
      return null
    case DECIMAL_NAME:
      return decimalText
    case DATE_NAME:
      return (value) => temporal.date(timeOf(value))
    case TIME_NAME:
      return (value) => temporal.time(timeOf(value))
    case TIMESTAMP_NAME:
      return (value) => temporal.timestamp(timeOf(value))
    case 'io.debezium.data.Bits':
      return target.category === 'V' ? bitsText : null
    default:
      return variableScaleDecimals.has(name) ? variableScaleText : (debeziumTimeWriter(name, target) ?? debeziumShapeWriter(name, target))
  }
}

function plainWriter(schema: Schema, target: TextTarget, temporal: TemporalText): TextWriter | null {
  const isJson = target.baseType !== null && jsonTypes.has(target.baseType)
  switch (schema.type) {
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'INT64':
    case 'BOOLEAN':
      return String
    case 'FLOAT32':
    case 'FLOAT64':
      return floatText
    case 'STRING':
      return asIs
    case 'BYTES':
      return bytesText
    case 'ARRAY':
      return isJson ? (value) => jsonText(value, schema) : arrayWriter(schema, target, temporal)
    case 'MAP':
      if (target.baseType === 'hstore') return (value) => hstoreText(value, schema)
      return isJson ? (value) => jsonText(value, schema) : null
    case 'STRUCT':
      return isJson ? (value) => jsonText(value, schema) : null
  }
}

function arrayWriter(schema: Schema, target: TextTarget, temporal: TemporalText): TextWriter | null {
  const { valueSchema } = schema
  if (valueSchema === null || target.category !== 'A') return null
  if (schema === anyArray) return schemalessArrayWriter(target)
  if (valueSchema.type === 'ARRAY') return nestedArrayWriter(valueSchema, target, temporal)
  const element = textWriter(valueSchema, { baseType: target.elementType, category: '', elementType: null }, temporal)
  if (element === null) return null
  return (value) => arrayLiteral((value as readonly ConnectValue[]).map((each) => (each === null ? null : element(each))))
}

function schemalessArrayWriter({ elementType }: TextTarget): TextWriter {
  const holdsJson = elementType !== null && jsonTypes.has(elementType)
  return (value) => schemalessArrayText(value, holdsJson)
}

/** PostgreSQL has arrays of any depth under one type; all inner ones must have one length, which the server checks. */
function nestedArrayWriter(inner: Schema, target: TextTarget, temporal: TemporalText): TextWriter | null {
  const writer = arrayWriter(inner, target, temporal)
  if (writer === null) return null
  return (value) => literalOfArrays((value as readonly ConnectValue[]).map((each) => (each === null ? 'NULL' : writer(each))))
}

/** Where there is no schema, other values than texts come here too. */
function asIs(value: ConnectValue): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object') return String(value)
  if (value instanceof Number) return value.toString()
  throw new DataException('An object or array has no text for a column that is neither JSON nor an array.')
}

function floatText(value: ConnectValue): string {
  return Object.is(value, -0) ? '-0' : String(Number(value))
}

function decimalText(value: ConnectValue): string {
  return (value as Decimal).toString()
}

/** Connect's BYTES are bytea's hexadecimal form. */
function bytesText(value: ConnectValue): string {
  return `\\x${(value as Buffer).toString('hex')}`
}

function timeOf(value: ConnectValue): number {
  const ms = value instanceof Date ? value.getTime() : Number(value)
  if (Number.isNaN(ms)) throw new DataException('Invalid date: it is beyond ±8.64e15 ms from 1970, the range of a JavaScript Date.')
  return ms
}

function variableScaleText(value: ConnectValue): string {
  const { scale, value: unscaled } = value as ConnectStruct
  if (!Buffer.isBuffer(unscaled) || unscaled.length === 0) throw new DataException('A VariableScaleDecimal has no unscaled value.')
  const digits = BigInt.asIntN(unscaled.length * 8, BigInt(`0x${unscaled.toString('hex')}`))
  return new Decimal(digits, Number(scale ?? 0)).toString()
}

/** Debezium's Bits have their lowest byte first. */
function bitsText(value: ConnectValue): string {
  return [...(value as Buffer)]
    .toReversed()
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
}
