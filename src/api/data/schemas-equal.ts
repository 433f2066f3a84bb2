import type { ConnectStruct, ConnectValue } from './connect-value.ts'
import { Decimal } from './decimal.ts'
import type { Schema } from './schema.ts'

/** Structural equality over every property, default and documentation included. Apache Kafka 4.3, ConnectSchema#equals. */
export function schemasEqual(a: Schema | null, b: Schema | null): boolean {
  if (a === b) return true
  if (a === null || b === null) return false
  return (
    a.type === b.type &&
    a.optional === b.optional &&
    a.name === b.name &&
    a.version === b.version &&
    a.doc === b.doc &&
    sameParameters(a.parameters, b.parameters) &&
    valuesEqual(a.defaultValue, b.defaultValue) &&
    schemasEqual(a.keySchema, b.keySchema) &&
    schemasEqual(a.valueSchema, b.valueSchema) &&
    sameFields(a, b)
  )
}

function sameParameters(a: ReadonlyMap<string, string> | null, b: ReadonlyMap<string, string> | null): boolean {
  if (a === null || b === null) return a === b
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (b.get(key) !== value) return false
  return true
}

function sameFields(a: Schema, b: Schema): boolean {
  if (a.fields.length !== b.fields.length) return false
  return a.fields.every((field, index) => {
    const other = b.fields[index]
    return other !== undefined && field.name === other.name && schemasEqual(field.schema, other.schema)
  })
}

/** Equality of values by content, as Java's `equals`: NaN equals NaN, 0.0 does not equal -0.0. */
function valuesEqual(a: ConnectValue | undefined, b: ConnectValue | undefined): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Buffer.isBuffer(a)) return Buffer.isBuffer(b) && a.equals(b)
  if (a instanceof Date) return b instanceof Date && Object.is(a.getTime(), b.getTime())
  if (a instanceof Number) return b instanceof Number && Object.is(a.valueOf(), b.valueOf())
  if (a instanceof Decimal) return b instanceof Decimal && a.unscaled === b.unscaled && a.scale === b.scale
  if (isList(a)) return isList(b) && a.length === b.length && a.every((element, index) => valuesEqual(element, b[index]))
  if (a instanceof Map) return b instanceof Map && sameMaps(a as Entries, b as Entries)
  return sameStructs(a as ConnectStruct, b as ConnectStruct)
}

type Entries = ReadonlyMap<ConnectValue, ConnectValue>

function isList(value: ConnectValue): value is readonly ConnectValue[] {
  return Array.isArray(value)
}

function sameMaps(a: Entries, b: Entries): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (!b.has(key) || !valuesEqual(value, b.get(key))) return false
  return true
}

function sameStructs(a: ConnectStruct, b: ConnectStruct): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && valuesEqual(a[key], b[key]))
}
