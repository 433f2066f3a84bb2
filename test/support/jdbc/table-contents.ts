import type { Client } from 'pg'

/** A table or view with its rows, as the recorded cases have it. */
export interface TableContents {
  readonly schema: string
  readonly table: string
  readonly kind?: 'VIEW'
  readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean; readonly default?: string }[]
  readonly primaryKey?: readonly string[]
  /** As texts, ordered by the first column; at most 50. */
  readonly rows: readonly (readonly (string | null)[])[]
}

const relations = `SELECT n.nspname, c.relname, c.oid, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r','p','v') AND n.nspname NOT IN ('pg_catalog','information_schema','ext') AND n.nspname NOT LIKE 'pg_toast%' ORDER BY 1, 2`
const columnsOf = `SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`
const keyOf = `SELECT a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(n, position)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n WHERE i.indrelid = $1::oid AND i.indisprimary ORDER BY k.position`

/** Everything in the database but schema ext. */
export async function tableContents(client: Client): Promise<TableContents[]> {
  await client.query('SET search_path TO public, ext')
  const found: TableContents[] = []
  for (const [schema, table, oid, kind] of await texts(client, relations)) {
    const contents = await contentsOf(client, schema!, table!, oid!)
    found.push(kind === 'v' ? { ...contents, kind: 'VIEW' } : contents)
  }
  return found
}

async function contentsOf(client: Client, schema: string, table: string, oid: string): Promise<TableContents> {
  const columns = (await texts(client, columnsOf, [oid])).map(([name, type, nullable, expression]) => ({
    ...{ name: name!, type: type!.replace(/^ext\./, ''), nullable: nullable === 't' },
    ...(expression === null || expression === undefined ? {} : { default: expression }),
  }))
  const primaryKey = (await texts(client, keyOf, [oid])).map(([name]) => name!)
  const selected = columns.map(({ name }) => `"${name.replaceAll('"', '""')}"::text`).join(',')
  const rows = await texts(client, `SELECT ${selected} FROM "${schema}"."${table.replaceAll('"', '""')}" ORDER BY 1 LIMIT 50`)
  return { schema, table, columns, ...(primaryKey.length === 0 ? {} : { primaryKey }), rows }
}

async function texts(client: Client, text: string, values: string[] = []): Promise<(string | null)[][]> {
  const asText = { getTypeParser: () => (value: string) => value }
  const { rows } = await client.query<(string | null)[]>({ text, values, rowMode: 'array', types: asText })
  return rows
}
