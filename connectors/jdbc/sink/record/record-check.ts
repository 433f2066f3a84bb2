import { ConnectException, type ConnectValue, type Schema, type SchemaType, type SinkRecord } from 'standpipe/api'
import type { PrimaryKeyMode } from '../config/common.ts'
import type { RecordContent } from './record-content.ts'

export interface RecordCheckSettings {
  readonly connectorName: string
  readonly deletes: boolean
  readonly keyMode: PrimaryKeyMode
  readonly isSchemalessEnabled: boolean
}

/**
 * Whether a record has the parts that the configuration asks for. Null: it has.
 * Confluent, RecordValidator; a schemaless value that is not null is refused in every mode, where Java fails later and less clearly.
 */
export function recordFault(content: RecordContent, settings: RecordCheckSettings): ConnectException | null {
  const { deletes, keyMode } = settings
  const needsKey = keyMode === 'record_key' || (deletes && keyMode !== 'record_value' && keyMode !== 'record_header')
  if (needsKey && !hasKey(content)) return fault(content, settings, 'key', 'a non-null key and non-null Struct or primitive key schema')
  const mayDelete = deletes && content.isDelete
  if (mayDelete || hasValue(content, settings.isSchemalessEnabled)) return null
  return fault(content, settings, 'value', 'a non-null Struct or String value and non-null Struct or String schema')
}

function hasKey({ key, keySchema }: RecordContent): boolean {
  return key !== null && keySchema !== null && !['ARRAY', 'MAP'].includes(keySchema.type)
}

function hasValue({ value, valueSchema, isDelete }: RecordContent, isSchemalessEnabled: boolean): boolean {
  if (isDelete || value === null) return false
  if (valueSchema === null) return isSchemalessEnabled && isObject(value)
  return valueSchema.type === 'STRUCT' || valueSchema.type === 'STRING'
}

function isObject(value: ConnectValue): boolean {
  return className(value, null) === 'HashMap'
}

function fault(content: RecordContent, settings: RecordCheckSettings, part: 'key' | 'value', wanted: string): ConnectException {
  const { record } = content
  const value = part === 'key' ? content.key : content.value
  const schema = part === 'key' ? content.keySchema : content.valueSchema
  const found = `a ${className(value, schema)} ${part} and ${schema === null ? 'null' : schema.type.toLowerCase()} ${part} schema`
  return new ConnectException(
    `Sink connector '${settings.connectorName}' is configured with 'delete.enabled=${settings.deletes}' and 'pk.mode=${settings.keyMode}' and therefore requires records with ${wanted}, but found record at ${placeText(record)} with ${found}.${hint(part, value, schema)}`,
  )
}

function placeText(record: SinkRecord): string {
  const { topic, kafkaPartition, kafkaOffset, timestamp } = record
  return `(topic='${topic}',partition=${String(kafkaPartition)},offset=${kafkaOffset},timestamp=${String(timestamp)})`
}

function hint(part: 'key' | 'value', value: ConnectValue, schema: Schema | null): string {
  if (part === 'key' || schema !== null) return ''
  if (value === null) return ' Set delete.enabled=true to delete the row of its key, or on.tombstone.disabled=skip.'
  return ' Such a record has no schema: use a converter with schemas, or set schemaless.enabled=true to write it to the columns of an existing table.'
}

const classes: Readonly<Record<SchemaType, string>> = {
  ...{ INT8: 'Byte', INT16: 'Short', INT32: 'Integer', INT64: 'Long', FLOAT32: 'Float', FLOAT64: 'Double', BOOLEAN: 'Boolean' },
  ...{ STRING: 'String', BYTES: 'byte[]', ARRAY: 'ArrayList', MAP: 'HashMap', STRUCT: 'Struct' },
}

/** The simple name of the class a value has in Java. */
function className(value: ConnectValue, schema: Schema | null): string {
  if (value === null) return 'null'
  if (schema !== null) return classes[schema.type]
  switch (typeof value) {
    case 'string':
      return 'String'
    case 'boolean':
      return 'Boolean'
    case 'bigint':
      return 'Long'
    case 'number':
      return Number.isInteger(value) ? 'Long' : 'Double'
    default:
      return Array.isArray(value) ? 'ArrayList' : Buffer.isBuffer(value) ? 'byte[]' : value instanceof Number ? 'Double' : 'HashMap'
  }
}
