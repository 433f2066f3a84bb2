import type { PgConnection, SqlText } from '../../dialect/connection.ts'
import { SqlException } from '../../dialect/sql-exception.ts'
import type { CatalogColumn } from '../../dialect/table-catalog.ts'
import type { RowGroup } from './row-group.ts'

/**
 * Which column of the group's last row the server cannot make a value of: each text is cast alone. Null: all of them are fine by
 * themselves. @throws SqlException of a system fault
 */
export async function columnAtFault(connection: PgConnection, group: RowGroup): Promise<string | null> {
  for (const [index, column] of group.layout.columns.entries()) {
    const text = group.columns[index]?.textAt(group.count - 1) ?? null
    if (text !== null && (await isUnfit(connection, column, text))) return column.name
  }
  return null
}

/** An explicit cast cuts texts and bits to their length without a word, where writing refuses them. */
async function isUnfit(connection: PgConnection, { shownType, category }: CatalogColumn, text: SqlText): Promise<boolean> {
  try {
    const { rows } = await connection.query(`SELECT length($1::text::${shownType}::text) < length(rtrim($1::text))`, [text])
    return (category === 'S' || category === 'V') && rows[0]?.[0] === 't'
  } catch (error) {
    if (error instanceof SqlException && error.kind === 'record') return true
    throw error
  }
}

/** The columns of a constraint of the group's table, which the server leaves to be looked up. Null: it is not the table's own. */
export async function columnsOfConstraint(connection: PgConnection, { layout }: RowGroup, constraint: string): Promise<string | null> {
  const { rows } = await connection.query(
    `SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM pg_catalog.pg_constraint c
      CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(attnum, place)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum
      WHERE c.conrelid = $1::text::regclass AND c.conname = $2`,
    [layout.table.sql, constraint],
  )
  return rows[0]?.[0] ?? null
}
