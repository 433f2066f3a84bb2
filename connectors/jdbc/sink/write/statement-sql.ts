import { quoted } from '../../dialect/identifiers.ts'
import type { CatalogColumn } from '../../dialect/table-catalog.ts'
import type { InsertMode } from '../config/common.ts'
import type { ColumnLayout } from './column-layout.ts'

/**
 * Statements that write any number of rows: each parameter is an array with the texts of one column. A text is cast to the type of its
 * column without length or precision; that comes with the assignment, which refuses what is too long, where a cast would cut it.
 */
export interface StatementSql {
  readonly write: string
  /** The same by COPY; null: not with this table, or not with conflicts. */
  readonly copy: string | null
  /** Null: there is no key. */
  readonly delete: string | null
}

/** @param onConflict of an upsert */
export function statementSql(layout: ColumnLayout, mode: InsertMode, onConflict: 'update' | 'nothing'): StatementSql {
  const write =
    mode === 'update'
      ? updateSql(layout)
      : mode === 'insert'
        ? insertSql(layout)
        : `${insertSql(layout)} ${conflictClause(layout, onConflict)}`
  return { write, copy: mode === 'insert' ? copySql(layout) : null, delete: layout.keyCount === 0 ? null : deleteSql(layout) }
}

function insertSql(layout: ColumnLayout): string {
  const { table, columns } = layout
  const names = columns.map(({ name }) => quoted(name)).join(',')
  const overriding = columns.some(({ identity }) => identity === 'always') ? ' OVERRIDING SYSTEM VALUE' : ''
  return `INSERT INTO ${table.sql} (${names})${overriding} ${rowsSql(layout, columns)}`
}

/** Views take no COPY. */
function copySql({ table, columns }: ColumnLayout): string | null {
  const { type } = table.catalog
  if (type !== 'TABLE' && type !== 'PARTITIONED TABLE') return null
  return `COPY ${table.sql} (${columns.map(({ name }) => quoted(name)).join(',')}) FROM STDIN`
}

/** Keys come last-wins from us; where only the server can compare them it keeps the last of each. */
function rowsSql({ keyCount, keyEquality }: ColumnLayout, columns: readonly CatalogColumn[]): string {
  const casts = columns.map((column, index) => castSql(column, index))
  const aliases = columns.map((_, index) => alias(index))
  const arrays = columns.map((_, index) => `$${index + 1}::text[]`).join(',')
  if (keyCount === 0 || keyEquality !== 'unknown') return `SELECT ${casts.join(',')} FROM unnest(${arrays}) AS x(${aliases.join(',')})`
  const keys = casts.slice(0, keyCount).join(',')
  return `SELECT DISTINCT ON (${keys}) ${casts.join(',')} FROM unnest(${arrays}) WITH ORDINALITY AS x(${aliases.join(',')},n) ORDER BY ${keys},n DESC`
}

function castSql({ castType }: CatalogColumn, index: number): string {
  return castType === 'pg_catalog.text' ? `x.${alias(index)}` : `x.${alias(index)}::${castType}`
}

function conflictClause({ columns, keyCount }: ColumnLayout, onConflict: 'update' | 'nothing'): string {
  const keys = columns.slice(0, keyCount).map(({ name }) => quoted(name))
  const others = columns.slice(keyCount).map(({ name }) => quoted(name))
  const action =
    others.length === 0 || onConflict === 'nothing' ? 'NOTHING' : `UPDATE SET ${others.map((name) => `${name}=EXCLUDED.${name}`).join(',')}`
  return `ON CONFLICT (${keys.join(',')}) DO ${action}`
}

function updateSql(layout: ColumnLayout): string {
  const { table, columns, keyCount } = layout
  const assignments = columns.slice(keyCount).map(({ name }, index) => `${quoted(name)}=r.${alias(keyCount + index)}`)
  const aliases = columns.map((_, index) => alias(index)).join(',')
  const match = columns.slice(0, keyCount).map(({ name }, index) => `t.${quoted(name)}=r.${alias(index)}`)
  return `UPDATE ${table.sql} AS t SET ${assignments.join(',')} FROM (${rowsSql(layout, columns)}) AS r(${aliases}) WHERE ${match.join(' AND ')}`
}

function deleteSql({ table, columns, keyCount }: ColumnLayout): string {
  const keys = columns.slice(0, keyCount)
  const [only] = keys
  if (only !== undefined && keyCount === 1) return `DELETE FROM ${table.sql} WHERE ${quoted(only.name)} = ANY($1::${only.castType}[])`
  const casts = keys.map((column, index) => castSql(column, index)).join(',')
  const arrays = keys.map((_, index) => `$${index + 1}::text[]`).join(',')
  const aliases = keys.map((_, index) => alias(index)).join(',')
  const match = keys.map(({ name }, index) => `t.${quoted(name)}=r.${alias(index)}`).join(' AND ')
  return `DELETE FROM ${table.sql} AS t USING (SELECT ${casts} FROM unnest(${arrays}) AS x(${aliases})) AS r(${aliases}) WHERE ${match}`
}

function alias(index: number): string {
  return `c${index + 1}`
}
