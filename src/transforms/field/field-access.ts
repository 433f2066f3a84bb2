import type { ConnectStruct, ConnectValue } from '../../api/data/connect-value.ts'
import type { Field, Schema } from '../../api/data/schema.ts'
import { DataException } from '../../api/errors.ts'
import { fieldOf } from '../fields.ts'
import { defaultFor } from '../replace-null.ts'
import { requireMap, requireStruct } from '../requirements.ts'

const purpose = 'nested field access'

/** Reads a field of a schemaless map. Null where a step leads nowhere. @returns a function that throws DataException at a step through a scalar */
export function compileMapAccess(path: readonly string[]): (map: ConnectStruct) => ConnectValue {
  const [last = '', ...parents] = path.toReversed()
  parents.reverse()
  return (map) => {
    let current = map
    for (const step of parents) {
      const value = fieldOf(current, step)
      if (value === null) return null
      current = requireMap(value, purpose)
    }
    return fieldOf(current, last)
  }
}

/** A field inside of a struct, and how to read it. */
export interface StructAccess {
  readonly schema: Schema
  value(struct: ConnectStruct): ConnectValue
}

interface Parent {
  readonly name: string
  readonly schema: Schema
  readonly defaultValue: ConnectValue
}

/**
 * Reads a field inside of structs of that schema; null when the schema has none there. Structs on the way that are null count as their
 * defaults whatever the option says, the field itself only with it.
 * @throws DataException for a step through a schema that is no struct's
 */
export function compileStructAccess(schema: Schema, path: readonly string[], replacesNull: boolean): StructAccess | null {
  const parents: Parent[] = []
  let current = schema
  for (const name of path.slice(0, -1)) {
    const field = lookUp(current, name)
    if (field === null) return null
    current = field.schema
    parents.push({ name, schema: current, defaultValue: defaultFor(current, true) })
  }
  const last = lookUp(current, path.at(-1) ?? '')
  if (last === null) return null
  const lastDefault = defaultFor(last.schema, replacesNull)
  return { schema: last.schema, value: (struct) => valueAt(struct, parents, last.name, lastDefault) }
}

function valueAt(struct: ConnectStruct, parents: readonly Parent[], name: string, defaultValue: ConnectValue): ConnectValue {
  let current = struct
  for (const parent of parents) {
    const value = fieldOf(current, parent.name) ?? parent.defaultValue
    if (value === null) return null
    current = requireStruct(parent.schema, value, purpose)
  }
  return fieldOf(current, name) ?? defaultValue
}

function lookUp(schema: Schema, name: string): Field | null {
  if (schema.type === 'STRUCT') return schema.field(name)
  throw new DataException('Cannot look up fields on non-struct type')
}
