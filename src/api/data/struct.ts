import { DataException } from '../errors.ts'
import type { ConnectStruct, ConnectValue } from './connect-value.ts'
import { Decimal } from './decimal.ts'
import { javaClass } from './java-class.ts'
import type { Schema, SchemaType } from './schema.ts'

/**
 * A struct's field, its schema's default when it is null or absent. Apache Kafka 4.3, Struct#get.
 * @throws DataException when the schema has no such field
 */
export function structField(schema: Schema, struct: ConnectStruct, name: string): ConnectValue {
  const field = schema.field(name)
  if (field === null) throw new DataException(`${name} is not a valid field name`)
  return structFieldWithoutDefault(struct, name) ?? field.schema.defaultValue ?? null
}

/** A struct's field as it is; null when absent. */
export function structFieldWithoutDefault(struct: ConnectStruct, name: string): ConnectValue {
  return Object.hasOwn(struct, name) ? (struct[name] ?? null) : null
}

/**
 * Checks a value against its schema, down to the last element. Apache Kafka 4.3, ConnectSchema#validateValue.
 * @param field name of the struct field it is for; null: a value of its own
 * @throws DataException that says what does not fit, and where
 */
export function validateValue(schema: Schema, value: ConnectValue | undefined, field: string | null = null): void {
  validate(schema, value, field === null ? 'value' : `field: "${field}"`)
}

/** Checks that every field that must have a value has one that fits. Unset is fine where the schema has a default. */
export function validateStruct(schema: Schema, struct: ConnectStruct): void {
  for (const { name, schema: fieldSchema } of schema.fields) {
    const value = structFieldWithoutDefault(struct, name)
    const mayBeUnset = fieldSchema.optional || fieldSchema.defaultValue !== undefined
    if (value !== null || !mayBeUnset) validateValue(fieldSchema, value, name)
  }
}

function validate(schema: Schema, value: ConnectValue | undefined, location: string): void {
  if (value === null || value === undefined) {
    if (schema.optional) return
    throw new DataException(`Invalid value: null used for required ${location}, schema type: ${schema.type}`)
  }
  if (!isInstance(schema, value)) {
    const name = schema.name === null ? '' : ` "${schema.name}"`
    throw new DataException(`Invalid Java object for schema${name} with type ${schema.type}: ${javaClass(value)} for ${location}`)
  }
  validateMembers(schema, value, location)
}

function validateMembers(schema: Schema, value: ConnectValue, location: string): void {
  const { keySchema, valueSchema } = schema
  if (schema.type === 'STRUCT') validateStruct(schema, value as ConnectStruct)
  if (schema.type === 'ARRAY' && valueSchema !== null) {
    for (const element of value as readonly ConnectValue[]) validate(valueSchema, element, `element of array ${location}`)
  }
  if (schema.type === 'MAP' && keySchema !== null && valueSchema !== null) {
    for (const [key, element] of value as ReadonlyMap<ConnectValue, ConnectValue>) {
      validate(keySchema, key, `key of map ${location}`)
      validate(valueSchema, element, `value of map ${location}`)
    }
  }
}

const logicalClasses: ReadonlyMap<string, (value: ConnectValue) => boolean> = new Map([
  ['org.apache.kafka.connect.data.Decimal', (value: ConnectValue) => value instanceof Decimal],
  ['org.apache.kafka.connect.data.Date', isDate],
  ['org.apache.kafka.connect.data.Time', isDate],
  ['org.apache.kafka.connect.data.Timestamp', isDate],
])

/** Whether the value is of the class that the schema asks for, members not looked at. */
function isInstance(schema: Schema, value: ConnectValue): boolean {
  const logical = schema.name === null ? undefined : logicalClasses.get(schema.name)
  return (logical ?? instanceChecks[schema.type])(value)
}

function isDate(value: ConnectValue): boolean {
  return value instanceof Date
}

function isNumber(value: ConnectValue): boolean {
  return typeof value === 'number'
}

function isInteger(min: number, max: number): (value: ConnectValue) => boolean {
  return (value) => typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}

function isStruct(value: ConnectValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** The class each type asks for: `instanceChecks[schema.type](value)`. */
export const instanceChecks: Readonly<Record<SchemaType, (value: ConnectValue) => boolean>> = {
  INT8: isInteger(-128, 127),
  INT16: isInteger(-32_768, 32_767),
  INT32: isInteger(-2_147_483_648, 2_147_483_647),
  INT64: (value) => typeof value === 'bigint',
  FLOAT32: isNumber,
  FLOAT64: isNumber,
  BOOLEAN: (value) => typeof value === 'boolean',
  STRING: (value) => typeof value === 'string',
  BYTES: (value) => Buffer.isBuffer(value),
  ARRAY: (value) => Array.isArray(value),
  MAP: (value) => value instanceof Map,
  STRUCT: isStruct,
}
