import type { ConnectRecord } from '../api/connect-record.ts'
import type { ConnectStruct, ConnectValue } from '../api/data/connect-value.ts'
import type { SchemaAndValue } from '../api/data/schema-and-value.ts'
import type { Schema } from '../api/data/schema.ts'
import { requireMap, requireStruct } from './requirements.ts'
import { SchemaCache } from './schema-cache.ts'
import type { Change } from './side-transformation.ts'

/** What a transformation does to fields, with and without a schema. */
export interface FieldsChange {
  /** Ends the sentence that refuses what is neither map nor struct: `cast types`. */
  readonly purpose: string
  map(map: ConnectStruct, record: ConnectRecord): ConnectStruct
  /** Called once for the schema of a struct. */
  struct(schema: Schema): StructChange
}

/** What is known once the schema is. */
export interface StructChange {
  /** Of the changed struct. */
  readonly schema: Schema
  change(struct: ConnectStruct, record: ConnectRecord): ConnectStruct
}

/** A side without schema, or of this one, with this value. */
export function sideOf(schema: Schema | null, value: ConnectValue): SchemaAndValue {
  return { schema, value, rawJson: null }
}

/** Changes maps one way and structs another. @throws DataException from the change when the value is neither, null included */
export function changeFields(change: FieldsChange): Change {
  const { purpose } = change
  const structs = new SchemaCache((schema) => change.struct(schema))
  return ({ schema, value }, record) => {
    if (schema === null) return sideOf(null, change.map(requireMap(value, purpose), record))
    const struct = requireStruct(schema, value, purpose)
    const compiled = structs.get(schema)
    return sideOf(compiled.schema, compiled.change(struct, record))
  }
}

/** Leaves null as it is, with its schema. */
export function unlessNull(change: Change): Change {
  return (data, record) => (data.value === null ? data : change(data, record))
}
