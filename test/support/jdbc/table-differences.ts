import type { PostgresqlServer } from '../services/postgresql.ts'

/** A table that two databases have. */
export interface ComparedTable {
  readonly name: string
  /** A column of whole numbers above 0. */
  readonly key: string
  /** SQL of what the copy has in a column, where that is not the value itself. */
  readonly copied?: Readonly<Record<string, string>>
}

export interface Differences {
  readonly missing: number
  readonly unexpected: number
  readonly different: number
  /** A few of them. */
  readonly examples: readonly string[]
}

export const none: Differences = { missing: 0, unexpected: 0, different: 0, examples: [] }

const PAGE = 20_000
const MOST_EXAMPLES = 5
const LAST = '9223372036854775807'

/** Compares all rows of a table and of its copy in another database of the server, as texts. */
export async function tableDifferences(
  server: PostgresqlServer,
  original: string,
  copy: string,
  table: ComparedTable,
): Promise<Differences> {
  const found = { missing: 0, unexpected: 0, different: 0, examples: [] as string[] }
  const note = (kind: 'missing' | 'unexpected' | 'different', example: string) => {
    found[kind]++
    if (found.examples.length < MOST_EXAMPLES) found.examples.push(`${kind}: ${example}`)
  }
  const columns = await columnsOf(server, original, table.name)
  const wanted = columns.map(({ name, type }) => comparable(table.copied?.[name] ?? quoted(name), name in (table.copied ?? {}) ? '' : type))
  const given = columns.map(({ name, type }) => comparable(quoted(name), type))
  let after = '0'
  while (after !== LAST) {
    const rows = await rowsOf(server, original, table, wanted, `> ${after} ORDER BY 1 LIMIT ${PAGE}`)
    const upTo: string = rows.length < PAGE ? LAST : rows.at(-1)![0]
    const copies = new Map(await rowsOf(server, copy, table, given, `BETWEEN ${BigInt(after) + 1n} AND ${upTo}`))
    for (const [key, row] of rows) {
      const other = copies.get(key)
      if (other === undefined) note('missing', row)
      else if (other !== row) note('different', `${row} became ${other}`)
      copies.delete(key)
    }
    for (const row of copies.values()) note('unexpected', row)
    after = upTo
  }
  return found
}

async function columnsOf(server: PostgresqlServer, database: string, table: string): Promise<{ name: string; type: string }[]> {
  const sql = `SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`
  return (await server.query(database, sql, [table])).map(([name, type]) => ({ name: name!, type: type! }))
}

/** Zeros at the end of a number are no difference. */
function comparable(sql: string, type: string): string {
  return type === 'numeric' ? `trim_scale(${sql})` : sql
}

function quoted(name: string): string {
  return `"${name}"`
}

async function rowsOf(
  server: PostgresqlServer,
  database: string,
  { name, key }: ComparedTable,
  columns: readonly string[],
  condition: string,
): Promise<[string, string][]> {
  const rows = await server.query(database, `SELECT ${key}, ROW(${columns.join(', ')})::text FROM ${name} WHERE ${key} ${condition}`)
  return rows.map(([value, row]) => [value!, row!])
}
