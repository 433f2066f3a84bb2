import type { Schema } from 'standpipe/api'

/** Where in a record a value stands. */
export type FieldSource =
  | { readonly from: 'topic' | 'partition' | 'offset' | 'timestamp' | 'headers' | 'key' | 'value' }
  | { readonly from: 'key field' | 'value field' | 'header' | 'header text'; readonly name: string }

/** A column that records want to fill, before anybody has looked at the table. */
export interface SinkField {
  readonly name: string
  readonly schema: Schema
  readonly isPrimaryKey: boolean
  readonly source: FieldSource
}

/** The columns of records with one key schema and one value schema. */
export interface RecordFields {
  /** In the order of the configuration, or of the schema. */
  readonly keyNames: readonly string[]
  /** In the order a new table has them: Kafka's coordinates, the fields of the value, the rest by name, and `metadata.columns`. */
  readonly fields: readonly SinkField[]
}

/** As Java's SinkRecordField#toString, which messages contain. */
export function fieldText({ name, schema, isPrimaryKey }: SinkField): string {
  return `SinkRecordField{schema=${schema.toString()}, name='${name}', isPrimaryKey=${isPrimaryKey}}`
}
