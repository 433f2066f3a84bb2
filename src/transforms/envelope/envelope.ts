import type { ConnectStruct } from '../../api/data/connect-value.ts'
import type { SchemaAndValue } from '../../api/data/schema-and-value.ts'
import type { Header } from '../../api/header/headers.ts'
import type { AddedField } from './added-field.ts'

/** Which state of the row: `after` a change, or `before` it. */
export type RowState = 'after' | 'before'

/** What is added to rows and headers. */
export interface EnvelopeOptions {
  readonly fields: readonly AddedField[]
  readonly headers: readonly AddedField[]
  readonly marksDeleted: boolean
  readonly replacesNull: boolean
}

/** How the envelopes of one schema, or schemaless ones, are taken apart. */
export interface EnvelopeReader {
  row(envelope: ConnectStruct, state: RowState): ConnectStruct | null
  /** The row with what is added to it. */
  unwrapped(envelope: ConnectStruct, state: RowState, row: ConnectStruct): SchemaAndValue
  /** Null in place of a deleted row. */
  deleted(): SchemaAndValue
  headers(envelope: ConnectStruct): readonly Header[]
}

/** Name of the field that says whether the row was deleted, as the text `true` or `false`. */
export const deletedField = '__deleted'

export function deletedMark(state: RowState): string {
  return state === 'before' ? 'true' : 'false'
}
