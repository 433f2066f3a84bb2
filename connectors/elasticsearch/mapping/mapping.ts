import {
  DataException,
  DATE_NAME,
  Decimal,
  DECIMAL_NAME,
  FLOAT64_SCHEMA,
  javaText,
  TIME_NAME,
  TIMESTAMP_NAME,
  type ConnectValue,
  type Schema,
  type SchemaType,
} from 'standpipe/api'

const types: Readonly<Partial<Record<SchemaType, string>>> = {
  INT8: 'byte',
  INT16: 'short',
  INT32: 'integer',
  INT64: 'long',
  FLOAT32: 'float',
  FLOAT64: 'double',
  BOOLEAN: 'boolean',
  BYTES: 'binary',
}
const dateNames: ReadonlySet<string | null> = new Set([DATE_NAME, TIME_NAME, TIMESTAMP_NAME])
const text = '{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}}'

/**
 * The mapping of an index for documents of this schema, as JSON: the body of `PUT /{index}/_mapping`. Called once an index, with the
 * value schema of its first record. Defaults become `null_value`; fields keep the order of the schema. Confluent's Mapping#buildMapping.
 * @throws DataException when there is no schema, or it is none of documents: a struct, a map, or a list of them
 */
export function inferMapping(schema: Schema | null): string {
  if (schema === null) throw new DataException('Cannot infer mapping without schema.')
  if (isDocument(schema)) return mappingOf(schema)
  throw new DataException(`Cannot infer mapping from ${schema.toString()}: a document has a struct or a map at the top.`)
}

function isDocument(schema: Schema): boolean {
  if (schema.type === 'ARRAY') return schema.valueSchema !== null && isDocument(schema.valueSchema)
  return schema.type === 'STRUCT' || schema.type === 'MAP'
}

function mappingOf(schema: Schema): string {
  if (schema.name === DECIMAL_NAME) return typed('double', schema.defaultValue)
  if (dateNames.has(schema.name)) return typed('date', schema.defaultValue)
  switch (schema.type) {
    case 'STRING':
      return text
    case 'STRUCT':
      return properties(schema.fields.map((field) => [field.name, field.schema]))
    case 'MAP':
      return properties([
        ['key', membersOf(schema.keySchema)],
        ['value', membersOf(schema.valueSchema)],
      ])
    case 'ARRAY':
      return mappingOf(membersOf(schema.valueSchema))
    case 'BYTES':
      return typed('binary', undefined)
    default:
      return typed(types[schema.type] ?? 'object', schema.defaultValue, schema)
  }
}

function membersOf(schema: Schema | null): Schema {
  if (schema !== null) return schema
  throw new DataException('Cannot infer mapping of members without schema.')
}

function properties(fields: readonly (readonly [string, Schema])[]): string {
  return `{"properties":{${fields.map(([name, schema]) => `${JSON.stringify(name)}:${mappingOf(schema)}`).join(',')}}}`
}

function typed(type: string, defaultValue: ConnectValue | undefined, schema: Schema | null = null): string {
  const nullValue = defaultValue === undefined || defaultValue === null ? null : nullValueText(defaultValue, schema)
  return nullValue === null ? `{"type":"${type}"}` : `{"type":"${type}","null_value":${nullValue}}`
}

/** Null: servers take no such value. */
function nullValueText(value: ConnectValue, schema: Schema | null): string | null {
  if (value instanceof Date) return String(value.getTime())
  if (value instanceof Decimal) return finiteText(value.toNumber(), FLOAT64_SCHEMA)
  return typeof value === 'number' ? finiteText(value, schema) : javaText(value, schema)
}

function finiteText(value: number, schema: Schema | null): string | null {
  return Number.isFinite(value) ? javaText(value, schema) : null
}
