import {
  ConnectException,
  ConnectSchema,
  OPTIONAL_INT32_SCHEMA,
  OPTIONAL_INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  TimestampLogical,
  type Schema,
} from 'standpipe/api'
import type { MetadataColumn } from '../config/metadata-columns.ts'
import type { FieldSource, SinkField } from './sink-field.ts'

const optionalTimestamp = TimestampLogical.builder().optional().build()

export interface MetadataOwner {
  /** As messages name it. */
  readonly table: string
  /** Null: the records have no key. */
  readonly keySchema: Schema | null
}

/** Fields for `metadata.columns`. @param taken columns there are already @throws ConnectException for one that is */
export function metadataFields(
  columns: readonly MetadataColumn[],
  { table, keySchema }: MetadataOwner,
  taken: ReadonlySet<string>,
): SinkField[] {
  return columns.map(({ source, column }) => {
    if (taken.has(column)) {
      throw new ConnectException(
        `The column ${column} of metadata.columns is a field of the records for table '${table}' too. Name another column, as source:column.`,
      )
    }
    return { name: column, schema: schemaOf(source, keySchema), isPrimaryKey: false, source }
  })
}

/** All may be NULL: rows that are there already, and those of other writers, have none. */
function schemaOf({ from }: FieldSource, keySchema: Schema | null): Schema {
  switch (from) {
    case 'partition':
      return OPTIONAL_INT32_SCHEMA
    case 'offset':
      return OPTIONAL_INT64_SCHEMA
    case 'timestamp':
      return optionalTimestamp
    case 'key':
      return keySchema === null ? OPTIONAL_STRING_SCHEMA : optionalCopy(keySchema)
    default:
      return OPTIONAL_STRING_SCHEMA
  }
}

function optionalCopy({ type, name, version, parameters, fields, keySchema, valueSchema }: Schema): Schema {
  return new ConnectSchema({ type, name, version, parameters, fields, keySchema, valueSchema, optional: true })
}
