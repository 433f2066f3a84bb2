import type { CatalogColumn } from '../../dialect/table-catalog.ts'
import type { TargetTable } from '../table/target-tables.ts'
import type { Schema } from 'standpipe/api'

/** How a key's text is compared with others, so that equal keys of the column have equal texts. */
export type KeyEquality = 'text' | 'uuid' | 'unknown'

/** The columns one statement fills, keys first: rows of records with different schemas share it when these are the same. */
export interface ColumnLayout {
  readonly table: TargetTable
  readonly columns: readonly CatalogColumn[]
  /** So many of the first are the key. */
  readonly keyCount: number
  /** `unknown`: whether two keys are the same, or which of their rows counts, only the server can tell. */
  readonly keyEquality: KeyEquality
  /** Columns that say which of two rows of a key is newer, the first difference counts. Empty: the last row is. */
  readonly versions: readonly CatalogColumn[]
  /** Of each column whether its texts need no quotation marks in an array. */
  readonly arePlain: readonly boolean[]
  /** Differs for each layout of a task. */
  readonly id: string
}

/** What a layout is made of. */
interface LayoutParts extends Pick<ColumnLayout, 'table' | 'columns' | 'keyCount' | 'versions' | 'arePlain'> {
  /** Of the fields, a column each. */
  readonly schemas: readonly Schema[]
}

export function columnLayout({ table, columns, keyCount, versions, arePlain, schemas }: LayoutParts): ColumnLayout {
  const equalities = columns.slice(0, keyCount).map((column, index) => equalityOf(column, schemas[index] ?? null))
  if (versions.length > 0) equalities.push('unknown')
  const keyEquality = equalities.find((equality) => equality === 'unknown') ?? equalities.find((equality) => equality === 'uuid') ?? 'text'
  const id = JSON.stringify([table.sql, keyCount, keyEquality, arePlain, ...columns.map(({ name }) => name)])
  return { table, columns, keyCount, keyEquality, versions, arePlain, id }
}

/** Numbers of a schema have one text each; a text may name a number or day in several ways. */
function equalityOf({ hasTextEquality, baseType, category }: CatalogColumn, schema: Schema | null): KeyEquality {
  if (baseType === 'uuid') return 'uuid'
  const isFreeText = schema === null || schema.type === 'STRING'
  return hasTextEquality && (!isFreeText || category === 'S') ? 'text' : 'unknown'
}

/** The same for all ways to write one uuid. */
export function canonicalUuid(text: string): string {
  return text.toLowerCase().replaceAll(/[{}-]/g, '')
}
