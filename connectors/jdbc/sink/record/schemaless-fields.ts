import { ConnectException, ConnectSchema, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA, type ConnectStruct, type Schema } from 'standpipe/api'
import type { ColumnSettings } from '../config/settings.ts'
import { columnNamed, type TargetTable } from '../table/target-tables.ts'
import type { RecordContent } from './record-content.ts'
import { anyArray } from './schemaless-array.ts'
import { metadataFields } from './metadata-fields.ts'
import type { RecordFields, SinkField } from './sink-field.ts'

/** Of a member for a column of JSON: whatever it is. */
const anyJson = new ConnectSchema({ type: 'STRUCT', optional: true })
const anyMap = new ConnectSchema({ type: 'MAP', optional: true, keySchema: STRING_SCHEMA, valueSchema: OPTIONAL_STRING_SCHEMA })

/**
 * The fields of a value without schema: its members, as the columns of the table are named. What a member is shows when it is written:
 * texts, numbers and booleans as they are, objects and arrays as JSON.
 * @param keys those that come from elsewhere than the value
 * @throws ConnectException for members without a column, or a key that is no member
 */
export function schemalessFields(content: RecordContent, table: TargetTable, settings: ColumnSettings, keys: RecordFields): RecordFields {
  const { topic } = content.record
  const value = content.value as ConnectStruct
  const keyNames =
    settings.keyMode === 'record_value' ? (settings.keyFields.length > 0 ? settings.keyFields : Object.keys(value)) : keys.keyNames
  const wanted = Object.keys(value).filter(
    (name) => !keys.keyNames.includes(name) && (keyNames.includes(name) || settings.takesField(topic, name)),
  )
  const unknown = wanted.filter((name) => columnNamed(table.catalog, name) === null)
  if (unknown.length > 0) {
    throw new ConnectException(
      `Table ${table.shown} has no columns for these members of the value, whose types are not known without a schema: ${unknown.join(', ')}. Add the columns, or name the members to write in fields.whitelist.`,
    )
  }
  const members = wanted.map((name): SinkField => {
    const schema = schemaOf(table, name)
    return { name, schema, isPrimaryKey: keyNames.includes(name), source: { from: 'value field', name } }
  })
  const fields = [...keys.fields, ...members]
  mustHaveKeys(keyNames, fields, table)
  const owner = { table: table.catalog.name, keySchema: content.keySchema }
  const metadata = metadataFields(settings.metadata, owner, new Set(fields.map(({ name }) => name)))
  return { keyNames, fields: [...fields, ...metadata] }
}

/** A column of JSON takes anything, in its JSON; an array, elements; hstore, members; another takes the text of the value. */
function schemaOf(table: TargetTable, name: string): Schema {
  const column = columnNamed(table.catalog, name)
  if (column?.baseType === 'json' || column?.baseType === 'jsonb') return anyJson
  if (column?.baseType === 'hstore') return anyMap
  return column?.category === 'A' ? anyArray : OPTIONAL_STRING_SCHEMA
}

function mustHaveKeys(keyNames: readonly string[], fields: readonly SinkField[], table: TargetTable): void {
  const missing = keyNames.find((key) => !fields.some(({ name }) => name === key))
  if (missing === undefined) return
  throw new ConnectException(
    `PK mode for table '${table.catalog.name}' is RECORD_VALUE with configured PK fields, but record value does not contain field: ${missing}`,
  )
}
