import type { ConnectStruct, ConnectValue } from '../api/data/connect-value.ts'
import type { Field, Schema } from '../api/data/schema.ts'
import { DataException } from '../api/errors.ts'
import { fieldOf, setField, type NewFields } from './fields.ts'
import { defaultFor } from './replace-null.ts'

/** How one field of a struct becomes a field of another. */
export interface CopiedField {
  readonly from: string
  readonly to: string
  /** Taken for null before anything else; null: nothing is. */
  readonly defaultValue: ConnectValue
  /** Called for values that are not null; null: taken as they are. */
  readonly convert: ((value: ConnectValue) => ConnectValue) | null
  /** Of the new field: a required one refuses null, as Java's Struct does. */
  readonly schema: Schema
}

/** The field as it is. */
export function copiedField({ name, schema }: Field, replacesNull: boolean): CopiedField {
  return { from: name, to: name, defaultValue: defaultFor(schema, replacesNull), convert: null, schema }
}

/**
 * Makes structs out of structs of a schema. Apache Kafka 4.3: the loop of `Struct.put(name, Struct.get(name))` in most transformations.
 * @param source of the structs copied from
 * @returns a function that throws DataException for null in a required field
 */
export function compileStructCopy(source: Schema, fields: readonly CopiedField[]): (struct: ConnectStruct) => NewFields {
  const keepsAll = fields.length === source.fields.length && fields.every(({ from, to }) => from === to)
  if (!keepsAll) return (struct) => copyFields(struct, fields)
  const changing = fields.filter(({ defaultValue, convert, schema }) => defaultValue !== null || convert !== null || !schema.optional)
  return (struct) => copyAll(struct, changing)
}

function copyFields(struct: ConnectStruct, fields: readonly CopiedField[]): NewFields {
  const copy: NewFields = {}
  for (const field of fields) setField(copy, field.to, copiedValue(fieldOf(struct, field.from), field))
  return copy
}

/** Copying an object as a whole is many times faster than field by field. @param changing those that may not stay as they are */
function copyAll(struct: ConnectStruct, changing: readonly CopiedField[]): NewFields {
  const copy: NewFields = { ...struct }
  for (const field of changing) {
    const found = fieldOf(struct, field.from)
    const value = copiedValue(found, field)
    // -0 became 0: they are not told apart by ===
    if (!Object.is(value, found)) setField(copy, field.to, value)
  }
  return copy
}

function copiedValue(found: ConnectValue, { defaultValue, convert, schema, to }: CopiedField): ConnectValue {
  let value = found ?? defaultValue
  if (convert !== null && value !== null) value = convert(value)
  if (value === null) checkOptional(schema, to)
  return value
}

/** @throws DataException where null is not a legal value; a default does not make it one */
export function checkOptional(schema: Schema, name: string): void {
  if (schema.optional) return
  throw new DataException(`Invalid value: null used for required field: "${name}", schema type: ${schema.type}`)
}
