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
 * Makes structs out of structs, field by field. Apache Kafka 4.3: the loop of `Struct.put(name, Struct.get(name))` in most transformations.
 * @returns a function that throws DataException for null in a required field
 */
export function compileStructCopy(fields: readonly CopiedField[]): (struct: ConnectStruct) => NewFields {
  return (struct) => {
    const copy: NewFields = {}
    for (const { from, to, defaultValue, convert, schema } of fields) {
      let value = fieldOf(struct, from) ?? defaultValue
      if (convert !== null && value !== null) value = convert(value)
      if (value === null) checkOptional(schema, to)
      setField(copy, to, value)
    }
    return copy
  }
}

/** @throws DataException where null is not a legal value; a default does not make it one */
export function checkOptional(schema: Schema, name: string): void {
  if (schema.optional) return
  throw new DataException(`Invalid value: null used for required field: "${name}", schema type: ${schema.type}`)
}
