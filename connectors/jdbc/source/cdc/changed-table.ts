import type { Logger, SchemaAndValue } from 'standpipe/api'
import { arrayLiteral } from '../../dialect/array-literal.ts'
import type { PgConnection, ResultColumn, SqlText } from '../../dialect/connection.ts'
import { quoted } from '../../dialect/identifiers.ts'
import type { JdbcSourceSettings } from '../config/settings.ts'
import { RecordKeys } from '../query/record-keys.ts'
import { readColumnFacts } from '../value/column-facts.ts'
import { RowPlan } from '../value/row-plan.ts'
import type { LoggedRelation, LoggedRow } from './pgoutput.ts'

/** The columns' places in the table as it is now, and the types below their domains. */
const columnsSql = `SELECT coalesce(a.attnum, 0), CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE c.type END,
  CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE c.modifier END
FROM unnest($2::text[], $3::oid[], $4::int4[]) WITH ORDINALITY AS c(name, type, modifier, place)
LEFT JOIN pg_catalog.pg_type t ON t.oid = c.type
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attname = c.name AND NOT a.attisdropped
ORDER BY c.place`

/** What the log tells rows apart by, where the table has said that, else the primary key. */
const keySql = `SELECT a.attname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND CASE c.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END
CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attribute, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attribute
WHERE c.oid = $1::oid AND k.place <= i.indnkeyatts ORDER BY k.place`

/** A table whose changes are read, as it was when they were made: keys and values of its records. */
export class ChangedTable {
  /** `"schema"."table"` */
  readonly shown: string
  readonly relation: LoggedRelation
  readonly #plan: RowPlan
  /** Null: rows have nothing to be told apart by. */
  readonly #keys: RecordKeys | null
  readonly #keyPlaces: readonly number[]

  private constructor(relation: LoggedRelation, plan: RowPlan, keyColumns: readonly string[], hasPrimitiveKeys: boolean) {
    this.relation = relation
    this.shown = `${quoted(relation.schema)}.${quoted(relation.name)}`
    this.#plan = plan
    this.#keys = keyColumns.length === 0 ? null : new RecordKeys(keyColumns, hasPrimitiveKeys)
    this.#keyPlaces = keyColumns.map((name) => relation.columns.findIndex((column) => column.name === name))
  }

  static async of(relation: LoggedRelation, connection: PgConnection, settings: JdbcSourceSettings, log: Logger): Promise<ChangedTable> {
    const { columns, name, oid } = relation
    const list = (values: readonly (string | number)[]) => arrayLiteral(values.map(String))
    const { rows } = await connection.query(columnsSql, [
      String(oid),
      list(columns.map((column) => column.name)),
      list(columns.map(({ typeOid }) => typeOid)),
      list(columns.map(({ typeModifier }) => typeModifier)),
    ])
    const found = columns.map((column, place): ResultColumn => {
      const [columnID, dataTypeID, dataTypeModifier] = (rows[place] ?? []).map(Number)
      return {
        name: column.name,
        tableID: oid,
        columnID: columnID ?? 0,
        dataTypeID: dataTypeID ?? column.typeOid,
        dataTypeModifier: dataTypeModifier ?? -1,
      }
    })
    const plan = RowPlan.of(found, await readColumnFacts(connection, found), name, settings.values, log)
    const { keyColumns, hasPrimitiveKeys } = settings.records
    const named = Array.isArray(keyColumns) ? (keyColumns as readonly string[]) : await keyOf(relation, connection)
    return new ChangedTable(relation, plan, named, hasPrimitiveKeys)
  }

  value(row: readonly SqlText[]): SchemaAndValue {
    return this.#plan.data(row)
  }

  /** @param row the columns of the key are enough; null: there is no key */
  key(row: LoggedRow): SchemaAndValue | null {
    return this.#keys?.of(this.#plan.data(row.map((value) => value ?? null))) ?? null
  }

  /** Whether both rows have the same key. A large value that did not change is in one of them only. */
  haveSameKey(a: LoggedRow, b: LoggedRow): boolean {
    return this.#keyPlaces.every((place) => a[place] === b[place] || a[place] === undefined || b[place] === undefined)
  }

  /** The row with the large values that the log left out: from the row before, else as they are now. Null: the row is no more. */
  async completed(row: LoggedRow, old: LoggedRow | null, connection: PgConnection): Promise<readonly SqlText[] | null> {
    const known = row.map((value, place) => value ?? (value === null ? null : old?.[place]))
    if (isComplete(known)) return known
    const names = this.relation.columns.map(({ name }) => quoted(name))
    const identity = this.relation.columns.flatMap(({ isKey }, place) => (isKey ? [place] : []))
    const where = identity.map((place, index) => `${names[place] ?? ''} = $${index + 1}`).join(' AND ')
    const sql = `SELECT ${names.join(', ')} FROM ${this.shown} WHERE ${where}`
    const { rows } = await connection.query(
      sql,
      identity.map((place) => known[place] ?? null),
    )
    const now = rows[0]
    return now === undefined ? null : known.map((value, place) => (value === undefined ? (now[place] ?? null) : value))
  }
}

/** Columns that the table calls otherwise by now are known by what the log says of them. */
async function keyOf({ oid, columns }: LoggedRelation, connection: PgConnection): Promise<readonly string[]> {
  const { rows } = await connection.query(keySql, [String(oid)])
  const names = rows.map(([name]) => name ?? '')
  const isLogged = names.every((name) => columns.some((column) => column.name === name))
  return names.length > 0 && isLogged ? names : columns.filter(({ isKey }) => isKey).map((column) => column.name)
}

function isComplete(row: LoggedRow): row is readonly SqlText[] {
  return !row.includes(undefined)
}
