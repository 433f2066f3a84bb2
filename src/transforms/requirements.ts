import type { ConnectStruct, ConnectValue } from '../api/data/connect-value.ts'
import { javaClass } from '../api/data/java-class.ts'
import { javaText } from '../api/data/java-text.ts'
import type { Field, Schema, SchemaType } from '../api/data/schema.ts'
import { instanceChecks } from '../api/data/struct.ts'
import { DataException } from '../api/errors.ts'

/** Apache Kafka 4.3, Requirements: the sentences are the same. @throws DataException */
export function requireMap(value: ConnectValue, purpose: string): ConnectStruct {
  if (instanceChecks.STRUCT(value)) return value as ConnectStruct
  if (value instanceof Map) return plainObject(value as ReadonlyMap<ConnectValue, ConnectValue>)
  throw new DataException(`Only Map objects supported in absence of schema for [${purpose}], found: ${className(value, null)}`)
}

/** @param schema the schema of the value, which tells a struct from a map @throws DataException */
export function requireStruct(schema: Schema, value: ConnectValue, purpose: string): ConnectStruct {
  if (schema.type === 'STRUCT' && instanceChecks.STRUCT(value)) return value as ConnectStruct
  throw new DataException(`Only Struct objects supported for [${purpose}], found: ${className(value, schema)}`)
}

/** The fields of a schema. @throws DataException for any but a struct */
export function requireFields(schema: Schema): readonly Field[] {
  if (schema.type === 'STRUCT') return schema.fields
  throw new DataException('Cannot list fields on non-struct type')
}

const numberClasses: { readonly [Type in SchemaType]?: string } = {
  INT8: 'class java.lang.Byte',
  INT16: 'class java.lang.Short',
  INT32: 'class java.lang.Integer',
  FLOAT32: 'class java.lang.Float',
  FLOAT64: 'class java.lang.Double',
}

/** How Java's messages name the class of a value of that schema: `class java.lang.Integer`. */
export function javaClassOf(value: ConnectValue, schema: Schema | null): string {
  if (schema === null) return javaClass(value)
  if (schema.type === 'STRUCT' && instanceChecks.STRUCT(value)) return 'class org.apache.kafka.connect.data.Struct'
  return (typeof value === 'number' ? numberClasses[schema.type] : undefined) ?? javaClass(value)
}

function className(value: ConnectValue, schema: Schema | null): string {
  return value === null ? 'null' : javaClassOf(value, schema).replace(/^class /, '')
}

/** A schemaless map that a plugin made of a Map. */
function plainObject(map: ReadonlyMap<ConnectValue, ConnectValue>): ConnectStruct {
  return Object.fromEntries(Array.from(map, ([key, value]) => [javaText(key, null), value]))
}
