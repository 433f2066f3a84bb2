import {
  DATE_SCHEMA,
  DecimalLogical,
  SchemaBuilder,
  SinkRecord,
  TIMESTAMP_SCHEMA,
  TIME_SCHEMA,
  type ConnectValue,
  type Header,
  type Schema,
} from 'standpipe/api'

const types: Readonly<Record<string, () => SchemaBuilder>> = {
  int8: () => SchemaBuilder.int8(),
  int16: () => SchemaBuilder.int16(),
  int32: () => SchemaBuilder.int32(),
  int64: () => SchemaBuilder.int64(),
  float32: () => SchemaBuilder.float32(),
  float64: () => SchemaBuilder.float64(),
  boolean: () => SchemaBuilder.bool(),
  string: () => SchemaBuilder.string(),
  bytes: () => SchemaBuilder.bytes(),
  decimal: () => DecimalLogical.builder(2),
}
const logical: Readonly<Record<string, Schema>> = { date: DATE_SCHEMA, time: TIME_SCHEMA, timestamp: TIMESTAMP_SCHEMA }

/** `int32`, `string?` for an optional one, `string?=x` with a default, or a schema itself. */
export type FieldType = string | Schema

export function schemaOf(type: FieldType): Schema {
  if (typeof type !== 'string') return type
  const [, name = '', optional, defaultText] = /^(\w+)(\?)?(?:=(.*))?$/.exec(type)!
  if (logical[name] !== undefined) return logical[name]
  const builder = types[name]!()
  if (optional !== undefined) builder.optional()
  if (defaultText !== undefined)
    builder.defaultValue(name === 'string' ? defaultText : name === 'int64' ? BigInt(defaultText) : Number(defaultText))
  return builder.build()
}

/** A struct's schema of field types in order. */
export function struct(fields: Readonly<Record<string, FieldType>>, name: string | null = null): Schema {
  const builder = SchemaBuilder.struct().name(name)
  for (const [field, type] of Object.entries(fields)) builder.field(field, schemaOf(type))
  return builder.build()
}

export interface RecordParts {
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly keySchema?: Schema | null
  readonly key?: ConnectValue
  readonly headers?: readonly Header[]
}

/** A record with a value. Topic `orders`, partition 0, offset 0 unless said. */
export function row(valueSchema: Schema | null, value: ConnectValue, parts: RecordParts = {}): SinkRecord {
  const { topic = 'orders', partition = 0, offset = 0, keySchema = null, key = null, headers = [] } = parts
  const place = {
    topic,
    kafkaPartition: partition,
    kafkaOffset: offset,
    timestamp: 1_700_000_000_000,
    timestampType: 'CreateTime' as const,
  }
  return new SinkRecord({ ...place, keySchema, key, valueSchema, value, headers })
}

/** A record without a value. */
export function tombstone(keySchema: Schema, key: ConnectValue, parts: RecordParts = {}): SinkRecord {
  return row(null, null, { ...parts, keySchema, key })
}
