import type { PgConnection } from '../../dialect/connection.ts'
import type { FilterSettings } from '../config/settings.ts'
import { chosenTables } from './table-filter.ts'

/** A table that is there. */
export interface DiscoveredTable {
  readonly schema: string
  readonly name: string
}

/** JDBC's names of kinds, and pgjdbc's condition of each. */
const kinds: Readonly<Record<string, string>> = {
  TABLE: "c.relkind = 'r' AND NOT s.is_system",
  'PARTITIONED TABLE': "c.relkind = 'p' AND NOT s.is_system",
  VIEW: "c.relkind = 'v' AND NOT s.is_system",
  'MATERIALIZED VIEW': "c.relkind = 'm' AND NOT s.is_system",
  'FOREIGN TABLE': "c.relkind = 'f' AND NOT s.is_system",
  'SYSTEM TABLE': "c.relkind = 'r' AND s.is_system",
  'SYSTEM VIEW': "c.relkind = 'v' AND s.is_system",
}

/** The tables that the filters let through, by kind, schema and name. */
export async function discoverTables(connection: PgConnection, filter: FilterSettings): Promise<readonly DiscoveredTable[]> {
  const wanted = [...filter.types].filter((type) => Object.hasOwn(kinds, type)).toSorted()
  if (wanted.length === 0) return []
  const { rows } = await connection.query(tablesSql(wanted), [filter.catalog, filter.schemaPattern])
  return chosenTables(
    rows.map(([schema, name]) => ({ schema: schema ?? '', name: name ?? '' })),
    filter,
  )
}

function tablesSql(wanted: readonly string[]): string {
  const cases = wanted.map((type, index) => `WHEN ${kinds[type] ?? 'false'} THEN ${index}`).join(' ')
  return `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT n.nspname ~ '^pg_' OR n.nspname = 'information_schema' AS is_system) s
CROSS JOIN LATERAL (SELECT CASE ${cases} END AS place) k
WHERE k.place IS NOT NULL AND ($1::text IS NULL OR $1 = current_database()) AND ($2::text IS NULL OR n.nspname LIKE $2)
ORDER BY k.place, n.nspname COLLATE "C", c.relname COLLATE "C"`
}
