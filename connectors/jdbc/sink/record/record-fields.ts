import {
  ConnectException,
  INT32_SCHEMA,
  INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  STRING_SCHEMA,
  type Headers,
  type Schema,
  type SchemaType,
} from 'standpipe/api'
import type { ColumnSettings } from '../config/settings.ts'
import { metadataFields } from './metadata-fields.ts'
import type { FieldSource, RecordFields, SinkField } from './sink-field.ts'

/** Columns of Kafka's coordinates where `pk.fields` names none. */
const kafkaColumns = ['__connect_topic', '__connect_partition', '__connect_offset']

/** What the columns follow from. */
export interface RecordSchemas {
  readonly topic: string
  /** As messages name it. */
  readonly table: string
  /** Null: the records have no key. */
  readonly keySchema: Schema | null
  /** Null: the records delete. */
  readonly valueSchema: Schema | null
  /** Of one of the records, for keys from headers. */
  readonly headers: Headers
}

/** Confluent, FieldsMetadata#extract. @throws ConnectException when the schemas do not fit the configuration */
export function recordFields(settings: ColumnSettings, schemas: RecordSchemas): RecordFields {
  const keys = keyFields(settings, schemas)
  const keyNames = keys.map(({ name }) => name)
  const others = valueFields(settings, schemas, new Set(keyNames))
  const taken = new Set([...keyNames, ...others.map(({ name }) => name)])
  const metadata = schemas.valueSchema === null ? [] : metadataFields(settings.metadata, schemas, taken)
  const all = [...keys, ...others]
  if (all.length + metadata.length === 0)
    throw new ConnectException(`No fields found using key and value schemas for table: ${schemas.table}`)
  return { keyNames, fields: [...inTableOrder(all, schemas.valueSchema), ...metadata] }
}

function keyFields(settings: ColumnSettings, schemas: RecordSchemas): SinkField[] {
  switch (settings.keyMode) {
    case 'none':
      return []
    case 'kafka':
      return kafkaKey(settings, schemas)
    case 'record_key':
      return recordKey(settings, schemas)
    case 'record_value':
      return recordValueKey(settings, schemas)
    case 'record_header':
      return headerKey(settings, schemas)
  }
}

function kafkaKey({ keyFields: configured }: ColumnSettings, { table }: RecordSchemas): SinkField[] {
  if (configured.length !== 0 && configured.length !== 3) {
    throw new ConnectException(
      `PK mode for table '${table}' is KAFKA so there should either be no field names defined for defaults ${listText(kafkaColumns)} to be applicable, or exactly 3, defined fields are: ${listText(configured)}`,
    )
  }
  const [topic = '', partition = '', offset = ''] = configured.length === 3 ? configured : kafkaColumns
  return [
    keyField(topic, STRING_SCHEMA, { from: 'topic' }),
    keyField(partition, INT32_SCHEMA, { from: 'partition' }),
    keyField(offset, INT64_SCHEMA, { from: 'offset' }),
  ]
}

function recordKey({ keyFields: configured }: ColumnSettings, { table, keySchema }: RecordSchemas): SinkField[] {
  if (keySchema === null) throw new ConnectException(`PK mode for table '${table}' is RECORD_KEY, but record key schema is missing`)
  if (keySchema.type === 'STRUCT') {
    const names = configured.length > 0 ? configured : keySchema.fields.map(({ name }) => name)
    return names.map((name) => fieldOf(keySchema, name, 'key', `RECORD_KEY with configured PK fields ${listText(configured)}`, table))
  }
  if (!isPrimitive(keySchema.type)) {
    throw new ConnectException(`Key schema must be primitive type or Struct, but is of type: ${keySchema.type}`)
  }
  const [name, ...more] = configured
  if (name === undefined || more.length > 0) {
    throw new ConnectException(
      `Need exactly one PK column defined since the key schema for records is a primitive type, defined columns are: ${listText(configured)}`,
    )
  }
  return [keyField(name, keySchema, { from: 'key' })]
}

function recordValueKey({ keyFields: configured }: ColumnSettings, { table, valueSchema }: RecordSchemas): SinkField[] {
  if (valueSchema === null) throw new ConnectException(`PK mode for table '${table}' is RECORD_VALUE, but record value schema is missing`)
  if (valueSchema.type !== 'STRUCT') {
    throw new ConnectException(`PK mode for table '${table}' is RECORD_VALUE, which is not supported with String value schemas`)
  }
  const names = configured.length > 0 ? configured : valueSchema.fields.map(({ name }) => name)
  return names.map((name) => fieldOf(valueSchema, name, 'value', `RECORD_VALUE with configured PK fields ${listText(configured)}`, table))
}

function headerKey({ keyFields: configured }: ColumnSettings, { table, headers }: RecordSchemas): SinkField[] {
  const names = configured.length > 0 ? configured : [...new Set(headers.map(({ key }) => key))]
  return names.map((name) => {
    const header = headers.findLast(({ key }) => key === name)
    if (header === undefined) throw new ConnectException(`PK mode for table '${table}' is RECORD_HEADER, but record has no header: ${name}`)
    return keyField(name, header.schema ?? STRING_SCHEMA, { from: 'header', name })
  })
}

/** @param mode as the message has it */
function fieldOf(schema: Schema, name: string, side: 'key' | 'value', mode: string, table: string): SinkField {
  const field = schema.field(name)
  if (field !== null) return keyField(name, field.schema, { from: `${side} field`, name })
  throw new ConnectException(`PK mode for table '${table}' is ${mode}, but record ${side} schema does not contain field: ${name}`)
}

function keyField(name: string, schema: Schema, source: FieldSource): SinkField {
  return { name, schema, isPrimaryKey: true, source }
}

function valueFields(settings: ColumnSettings, { topic, table, valueSchema }: RecordSchemas, keyNames: ReadonlySet<string>): SinkField[] {
  if (valueSchema === null) return []
  if (valueSchema.type !== 'STRUCT') return [stringColumn(settings, table, keyNames)]
  return valueSchema.fields
    .filter(({ name }) => !keyNames.has(name) && settings.takesField(topic, name))
    .map(({ name, schema }) => ({ name, schema, isPrimaryKey: false, source: { from: 'value field', name } }))
}

/** Of a value that is one text. */
function stringColumn(
  { stringColumn: name, whitelist, timestampFields }: ColumnSettings,
  table: string,
  keyNames: ReadonlySet<string>,
): SinkField {
  const unfit = Object.entries({ 'fields.whitelist': whitelist, 'timestamp.fields.list': timestampFields }).filter(
    ([, list]) => list.length > 0,
  )
  if (unfit.length > 0) {
    const keys = unfit.map(([key]) => key)
    throw new ConnectException(
      `Records of table '${table}' have String values, for which these configurations cannot be used: ${listText(keys)}`,
    )
  }
  if (keyNames.has(name)) {
    throw new ConnectException(
      `Configured string.output.value.column.name '${name}' conflicts with a primary key column for table '${table}'`,
    )
  }
  return { name, schema: OPTIONAL_STRING_SCHEMA, isPrimaryKey: false, source: { from: 'value' } }
}

function inTableOrder(all: readonly SinkField[], valueSchema: Schema | null): SinkField[] {
  const byName = new Map(all.map((field) => [field.name, field]))
  const first = [...kafkaColumns, ...(valueSchema?.fields.map(({ name }) => name) ?? [])]
  const stringFirst = all.filter(({ source }) => source.from === 'value').map(({ name }) => name)
  const rest = [...byName.keys()].toSorted((a, b) => (a < b ? -1 : 1))
  const order = new Set([...first, ...stringFirst, ...rest])
  return [...order].flatMap((name) => byName.get(name) ?? [])
}

function isPrimitive(type: SchemaType): boolean {
  return type !== 'ARRAY' && type !== 'MAP' && type !== 'STRUCT'
}

/** As Java prints a list. */
function listText(items: readonly string[]): string {
  return `[${items.join(', ')}]`
}
