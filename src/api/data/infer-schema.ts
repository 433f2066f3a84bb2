import type { ConnectValue } from './connect-value.ts'
import { SchemaBuilder } from './schema-builder.ts'
import {
  BOOLEAN_SCHEMA,
  BYTES_SCHEMA,
  ConnectSchema,
  FLOAT64_SCHEMA,
  INT64_SCHEMA,
  STRING_SCHEMA,
  type Schema,
  type SchemaType,
} from './schema.ts'

/**
 * The schema of schemaless data; null when there is none: null, dates, decimals, empty or mixed lists and maps.
 * Numbers are what JSON makes of them: whole ones INT64, others FLOAT64. Apache Kafka 4.3, Values#inferSchema.
 */
export function inferSchema(value: ConnectValue): Schema | null {
  switch (typeof value) {
    case 'string':
      return STRING_SCHEMA
    case 'boolean':
      return BOOLEAN_SCHEMA
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? INT64_SCHEMA : null
    case 'number':
      return Number.isSafeInteger(value) ? INT64_SCHEMA : FLOAT64_SCHEMA
    default:
      return value === null ? null : inferObject(value)
  }
}

function inferObject(value: object): Schema | null {
  if (value instanceof Number) return FLOAT64_SCHEMA
  if (Buffer.isBuffer(value)) return BYTES_SCHEMA
  if (Array.isArray(value)) return inferArray(value as readonly ConnectValue[])
  if (value instanceof Map) return inferMap([...(value as ReadonlyMap<ConnectValue, ConnectValue>)])
  return isPlain(value) ? inferMap(Object.entries(value) as [string, ConnectValue][]) : null
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function inferArray(elements: readonly ConnectValue[]): Schema | null {
  const elementSchema = commonSchema(elements)
  return elementSchema === null ? null : SchemaBuilder.array(elementSchema).build()
}

function inferMap(entries: readonly (readonly [ConnectValue, ConnectValue])[]): Schema | null {
  const keySchema = commonSchema(entries.map(([key]) => key))
  const valueSchema = commonSchema(entries.map(([, value]) => value))
  return keySchema === null || valueSchema === null ? null : SchemaBuilder.map(keySchema, valueSchema).build()
}

/** Of the type that all have, optional where there is a null; what is inside of elements is not told. */
function commonSchema(values: readonly ConnectValue[]): Schema | null {
  let type: SchemaType | null = null
  for (const value of values) {
    if (value === null) continue
    const schema = inferSchema(value)
    if (schema === null || (type !== null && schema.type !== type)) return null
    type = schema.type
  }
  return type === null ? null : new ConnectSchema({ type, optional: values.includes(null) })
}
