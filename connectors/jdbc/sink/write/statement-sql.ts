import { quoted } from '../../dialect/identifiers.ts'
import type { CatalogColumn } from '../../dialect/table-catalog.ts'
import type { InsertMode } from '../config/common.ts'
import type { ColumnLayout } from './column-layout.ts'
import { arraySource, type RowSource } from './row-source.ts'

/**
 * Statements that write rows. The values of a row are texts; each is cast to the type of its column without length or precision; that
 * comes with the assignment, which refuses what is too long, where a cast would cut it.
 */
export interface StatementSql {
  /** Of any number of rows: each parameter is an array with the texts of one column. */
  readonly write: string
  /** The same by COPY, for inserts into tables. */
  readonly copy: string
  /** Null: there is no key. */
  readonly delete: string | null
}

/** @param onConflict of an upsert */
export function statementSql(layout: ColumnLayout, mode: InsertMode, onConflict: 'update' | 'nothing'): StatementSql {
  return {
    write: writeSql(layout, mode, onConflict, arraySource(layout.columns.length)),
    copy: copySql(layout),
    delete: layout.keyCount === 0 ? null : deleteSql(layout),
  }
}

/** The statement that writes the rows of a source. */
export function writeSql(layout: ColumnLayout, mode: InsertMode, onConflict: 'update' | 'nothing', source: RowSource): string {
  if (mode === 'update') return updateSql(layout, source)
  // a key that is there twice is an error of inserts, and no business of ours
  if (mode === 'insert') return insertSql(layout, everyRowSql(layout, source))
  return `${insertSql(layout, rowsSql(layout, source))} ${conflictClause(layout, onConflict)}`
}

function insertSql({ table, columns }: ColumnLayout, rows: string): string {
  const names = columns.map(({ name }) => quoted(name)).join(',')
  const overriding = columns.some(({ identity }) => identity === 'always') ? ' OVERRIDING SYSTEM VALUE' : ''
  return `INSERT INTO ${table.sql} AS t (${names})${overriding} ${rows}`
}

function copySql({ table, columns }: ColumnLayout): string {
  return `COPY ${table.sql} (${columns.map(({ name }) => quoted(name)).join(',')}) FROM STDIN`
}

/** Keys come last-wins from us; where only the server can compare them, or versions, it keeps one row of each: the newest, or the last. */
function rowsSql(layout: ColumnLayout, source: RowSource): string {
  const { columns, keyCount, keyEquality, versions } = layout
  if (keyCount === 0 || keyEquality !== 'unknown') return everyRowSql(layout, source)
  const { fromNumbered } = source
  const casts = castsOf(layout, source)
  const keys = casts.slice(0, keyCount).join(',')
  const newest = versions.map((column) => `${casts[columns.indexOf(column)] ?? ''} DESC NULLS LAST,`).join('')
  return `SELECT DISTINCT ON (${keys}) ${casts.join(',')} FROM ${fromNumbered} ORDER BY ${keys},${newest}x.n DESC`
}

function everyRowSql(layout: ColumnLayout, source: RowSource): string {
  return `SELECT ${castsOf(layout, source).join(',')} FROM ${source.from}`
}

function castsOf({ columns }: ColumnLayout, { alias }: RowSource): string[] {
  return columns.map((column, index) => castSql(column, alias(index)))
}

function castSql({ castType }: CatalogColumn, text: string): string {
  return castType === 'pg_catalog.text' ? text : `${text}::${castType}`
}

function conflictClause({ columns, keyCount, versions }: ColumnLayout, onConflict: 'update' | 'nothing'): string {
  const keys = columns.slice(0, keyCount).map(({ name }) => quoted(name))
  const others = columns.slice(keyCount).map(({ name }) => quoted(name))
  if (others.length === 0 || onConflict === 'nothing') return `ON CONFLICT (${keys.join(',')}) DO NOTHING`
  const assignments = others.map((name) => `${name}=EXCLUDED.${name}`).join(',')
  const condition = versions.length === 0 ? '' : ` WHERE ${mayUpdate(versions, ({ name }) => `EXCLUDED.${quoted(name)}`)}`
  return `ON CONFLICT (${keys.join(',')}) DO UPDATE SET ${assignments}${condition}`
}

function updateSql(layout: ColumnLayout, source: RowSource): string {
  const { table, columns, keyCount, versions } = layout
  const row = (index: number) => `r.c${index + 1}`
  const assignments = columns.slice(keyCount).map(({ name }, index) => `${quoted(name)}=${row(keyCount + index)}`)
  const aliases = columns.map((_, index) => `c${index + 1}`).join(',')
  const match = columns.slice(0, keyCount).map(({ name }, index) => `t.${quoted(name)}=${row(index)}`)
  if (versions.length > 0) match.push(mayUpdate(versions, (column) => row(columns.indexOf(column))))
  return `UPDATE ${table.sql} AS t SET ${assignments.join(',')} FROM (${rowsSql(layout, source)}) AS r(${aliases}) WHERE ${match.join(' AND ')}`
}

/** Whether the row `t` that is there is not newer. NULL is older than everything. @param given what a column of the new row is called */
function mayUpdate(versions: readonly CatalogColumn[], given: (column: CatalogColumn) => string): string {
  const [first, ...others] = versions
  if (first === undefined) return 'true'
  const [old, now] = [`t.${quoted(first.name)}`, given(first)]
  const isNewer = `coalesce(${old} > ${now}, ${now} IS NULL AND ${old} IS NOT NULL)`
  if (others.length === 0) return `NOT ${isNewer}`
  return `NOT ${isNewer} AND (${old} IS DISTINCT FROM ${now} OR ${mayUpdate(others, given)})`
}

function deleteSql({ table, columns, keyCount }: ColumnLayout): string {
  const keys = columns.slice(0, keyCount)
  const [only] = keys
  if (only !== undefined && keyCount === 1)
    return `DELETE FROM ${table.sql} WHERE ${quoted(only.name)} = ANY($1::text[]::${only.castType}[])`
  const { from, alias } = arraySource(keyCount)
  const casts = keys.map((column, index) => castSql(column, alias(index))).join(',')
  const aliases = keys.map((_, index) => `c${index + 1}`).join(',')
  const match = keys.map(({ name }, index) => `t.${quoted(name)}=r.c${index + 1}`).join(' AND ')
  return `DELETE FROM ${table.sql} AS t USING (SELECT ${casts} FROM ${from}) AS r(${aliases}) WHERE ${match}`
}
