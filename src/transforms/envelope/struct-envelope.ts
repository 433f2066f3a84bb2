import type { ConnectStruct, ConnectValue } from '../../api/data/connect-value.ts'
import { SchemaBuilder } from '../../api/data/schema-builder.ts'
import { OPTIONAL_STRING_SCHEMA, type Schema } from '../../api/data/schema.ts'
import { fieldOf, setField } from '../fields.ts'
import { builderLike, copySchemaBasics } from '../schema-basics.ts'
import { sideOf } from '../side-change.ts'
import { compileStructCopy, copiedField } from '../struct-copy.ts'
import type { AddedField } from './added-field.ts'
import { deletedField, deletedMark, type EnvelopeOptions, type EnvelopeReader, type RowState } from './envelope.ts'

/** Whether values of the schema are envelopes of rows. */
export function isEnvelopeSchema(schema: Schema): boolean {
  return schema.type === 'STRUCT' && schema.name?.endsWith('.Envelope') === true && schema.field('after')?.schema.type === 'STRUCT'
}

/** A field of the envelope with its schema, which is optional wherever it goes. */
interface Addition {
  readonly newName: string
  readonly schema: Schema
  valueIn(envelope: ConnectStruct): ConnectValue
}

type Unwrap = (envelope: ConnectStruct, row: ConnectStruct) => ReturnType<typeof sideOf>

/** @param schema of the envelope, as `isEnvelopeSchema` accepts it */
export function structEnvelopeReader(schema: Schema, options: EnvelopeOptions): EnvelopeReader {
  const fields = additions(schema, options.fields)
  const headers = additions(schema, options.headers)
  const unwraps: Readonly<Record<RowState, Unwrap>> = {
    after: compileUnwrap(schema, 'after', fields, options),
    before: compileUnwrap(schema, 'before', fields, options),
  }
  const rowSchema = schema.field('after')?.schema ?? null
  return {
    row: (envelope, state) => fieldOf(envelope, state) as ConnectStruct | null,
    unwrapped: (envelope, state, row) => unwraps[state](envelope, row),
    deleted: () => sideOf(rowSchema, null),
    headers: (envelope) => headers.map((added) => ({ key: added.newName, schema: added.schema, value: added.valueIn(envelope) })),
  }
}

/** A row to which nothing is added is passed on as it is. */
function compileUnwrap(envelope: Schema, state: RowState, fields: readonly Addition[], options: EnvelopeOptions): Unwrap {
  const rowSchema = envelope.field(state)?.schema
  if (rowSchema?.type !== 'STRUCT') return (_envelope, row) => sideOf(null, row)
  if (fields.length === 0 && !options.marksDeleted) return (_envelope, row) => sideOf(rowSchema, row)
  const builder = copySchemaBasics(rowSchema, SchemaBuilder.struct())
  for (const field of rowSchema.fields) builder.field(field.name, field.schema)
  if (options.marksDeleted) builder.field(deletedField, OPTIONAL_STRING_SCHEMA)
  for (const added of fields) builder.field(added.newName, added.schema)
  const unwrappedSchema = builder.build()
  const copy = compileStructCopy(
    rowSchema,
    rowSchema.fields.map((field) => copiedField(field, options.replacesNull)),
  )
  return (values, row) => {
    const unwrapped = copy(row)
    if (options.marksDeleted) setField(unwrapped, deletedField, deletedMark(state))
    for (const added of fields) setField(unwrapped, added.newName, added.valueIn(values))
    return sideOf(unwrappedSchema, unwrapped)
  }
}

/** Those that the envelope has. */
function additions(schema: Schema, fields: readonly AddedField[]): readonly Addition[] {
  return fields.map((added) => addition(schema, added)).filter((each) => each !== null)
}

function addition(schema: Schema, { struct, field, newName }: AddedField): Addition | null {
  const parent = struct === null ? schema : schema.field(struct)?.schema
  const inParent = parent?.type === 'STRUCT' ? parent.field(field) : null
  const found = inParent ?? schema.field(field)
  if (found === null) return null
  const newSchema = builderLike(found.schema)
  const path = inParent === null || struct === null ? null : struct
  return { newName, schema: optional(newSchema, found.schema), valueIn: (envelope) => valueIn(envelope, path, field) }
}

/** A struct's builder has no fields of its own yet. */
function optional(builder: SchemaBuilder, schema: Schema): Schema {
  for (const field of schema.fields) builder.field(field.name, field.schema)
  return builder.optional().build()
}

function valueIn(envelope: ConnectStruct, struct: string | null, field: string): ConnectValue {
  const parent = struct === null ? envelope : (fieldOf(envelope, struct) as ConnectStruct | null)
  return parent === null ? null : fieldOf(parent, field)
}
