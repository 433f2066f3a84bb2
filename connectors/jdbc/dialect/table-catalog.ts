import type { PgConnection } from './connection.ts'

/** Kinds of relations under JDBC's names. */
export type TableType = 'TABLE' | 'PARTITIONED TABLE' | 'VIEW' | 'MATERIALIZED VIEW' | 'FOREIGN TABLE'

/** A column as the catalog has it. */
export interface CatalogColumn {
  readonly name: string
  /** With schema and without length or precision, such as `pg_catalog.varchar`: what a text is cast to. Of a domain, the type below it. */
  readonly castType: string
  /** As people write it, such as `character varying(5)`: for messages. */
  readonly shownType: string
  /** Name of the type below all domains, without schema: `int4`, `_text`, `mood`. */
  readonly baseType: string
  /** `pg_type.typcategory` of the base type: `A` array, `E` enum, `N` number, `S` string, … */
  readonly category: string
  /** Of an array: what its elements are cast to; else null. */
  readonly elementType: string | null
  readonly notNull: boolean
  readonly hasDefault: boolean
  /** `always`: takes a value only with OVERRIDING SYSTEM VALUE. Null: no identity column. */
  readonly identity: 'always' | 'by default' | null
  /** Computed by the server; takes no value. */
  readonly isGenerated: boolean
  /** Whether two values are equal exactly when their texts are: no case folding, no padding, no nondeterministic collation. */
  readonly hasTextEquality: boolean
}

/** A table, partitioned table, view or foreign table that is there. */
export interface CatalogTable {
  readonly schema: string
  readonly name: string
  readonly type: TableType
  readonly columns: readonly CatalogColumn[]
  /** Names of the columns of each unique index that `ON CONFLICT` can use, and of the primary key among them. */
  readonly uniqueKeys: readonly (readonly string[])[]
  readonly primaryKey: readonly string[]
}

const tableTypes: Readonly<Record<string, TableType>> = {
  r: 'TABLE',
  p: 'PARTITIONED TABLE',
  v: 'VIEW',
  m: 'MATERIALIZED VIEW',
  f: 'FOREIGN TABLE',
}

const relationSql = `SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r','p','v','m','f')`

/** Domains are followed down to the type they rest on. */
const columnsSql = `WITH RECURSIVE base(attnum, typid) AS (
  SELECT a.attnum, a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attnum, t.typbasetype FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typid WHERE t.typtype = 'd'
)
SELECT a.attname, format('%I.%I', tn.nspname, t.typname), format_type(a.atttypid, a.atttypmod), t.typname, t.typcategory,
  CASE WHEN t.typcategory = 'A' AND e.oid IS NOT NULL THEN format('%I.%I', en.nspname, e.typname) END,
  a.attnotnull, a.atthasdef OR a.attidentity <> '', a.attidentity, a.attgenerated, coalesce(co.collisdeterministic, true)
FROM base b
JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attnum = b.attnum
JOIN pg_catalog.pg_type t ON t.oid = b.typid AND t.typtype <> 'd'
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
LEFT JOIN pg_catalog.pg_namespace en ON en.oid = e.typnamespace
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
ORDER BY a.attnum`

/** One row a column of a key; partial, deferred and computed indexes cannot arbitrate conflicts. */
const keysSql = `SELECT i.indexrelid, i.indisprimary, a.attname FROM pg_catalog.pg_index i
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
  AND k.position <= i.indnkeyatts
ORDER BY i.indisprimary DESC, i.indexrelid, k.position`

const textEqualTypes: ReadonlySet<string> = new Set(['int2', 'int4', 'int8', 'oid', 'text', 'varchar', 'name', 'bool', 'bytea', 'date'])

/** Where the connection puts names without schema; null: nowhere. */
export async function currentSchema(connection: PgConnection): Promise<string | null> {
  const { rows } = await connection.query('SELECT current_schema()')
  return rows[0]?.[0] ?? null
}

/** Looks a table up by its exact name. Null: it is not there. */
export async function readTable(connection: PgConnection, schema: string, name: string): Promise<CatalogTable | null> {
  const { rows } = await connection.query(relationSql, [schema, name])
  const [oid, kind] = rows[0] ?? []
  if (oid === undefined || oid === null) return null
  const columns = await connection.query(columnsSql, [oid])
  const keys = groupedKeys((await connection.query(keysSql, [oid])).rows)
  return {
    schema,
    name,
    type: tableTypes[kind ?? 'r'] ?? 'TABLE',
    columns: columns.rows.map(columnOf),
    uniqueKeys: keys.map(({ columns }) => columns),
    primaryKey: keys.find(({ isPrimary }) => isPrimary)?.columns ?? [],
  }
}

function columnOf(row: readonly (string | null)[]): CatalogColumn {
  const [name, castType, shownType, baseType, category, elementType, notNull, hasDefault, identity, generated, isDeterministic] = row
  return {
    name: name ?? '',
    castType: castType ?? '',
    shownType: shownType ?? '',
    baseType: baseType ?? '',
    category: category ?? '',
    elementType: elementType ?? null,
    notNull: notNull === 't',
    hasDefault: hasDefault === 't',
    identity: identity === 'a' ? 'always' : identity === 'd' ? 'by default' : null,
    isGenerated: generated !== '',
    hasTextEquality: textEqualTypes.has(baseType ?? '') && isDeterministic === 't',
  }
}

function groupedKeys(rows: readonly (readonly (string | null)[])[]): { isPrimary: boolean; columns: string[] }[] {
  const keys = new Map<string, { isPrimary: boolean; columns: string[] }>()
  for (const [index, isPrimary, column] of rows) {
    const key = keys.get(index ?? '') ?? { isPrimary: isPrimary === 't', columns: [] }
    key.columns.push(column ?? '')
    keys.set(index ?? '', key)
  }
  return [...keys.values()]
}
