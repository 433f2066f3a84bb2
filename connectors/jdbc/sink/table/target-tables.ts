import type { Logger } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import { quoted, type Quoting, type TableName } from '../../dialect/identifiers.ts'
import { SqlException } from '../../dialect/sql-exception.ts'
import { currentSchema, readTable, type CatalogColumn, type CatalogTable } from '../../dialect/table-catalog.ts'
import { fieldText, type RecordFields, type SinkField } from '../record/sink-field.ts'
import { columnDefinition, type ColumnStyle } from './column-definition.ts'
import { TableAlterOrCreateException } from './table-alter-or-create-exception.ts'

export interface TargetTablesParts {
  readonly style: ColumnStyle
  readonly types: ReadonlySet<string>
  /** Name of the database connected to. */
  readonly database: string
  readonly log: Logger
}

/** A table that records are written to. */
export interface TargetTable {
  /** With all its parts, as messages show it. */
  readonly shown: string
  /** For SQL. */
  readonly sql: string
  readonly catalog: CatalogTable
}

/** The tables that records go to, as they are in the database, created and extended where that is allowed. What is found is kept until `forget`. */
export class TargetTables {
  readonly #parts: TargetTablesParts
  readonly #known = new Map<string, TargetTable>()
  #schema: string | null = null

  constructor(parts: TargetTablesParts) {
    this.#parts = parts
  }

  /** What was found may be no longer true: tables are looked at again. */
  forget(): void {
    this.#known.clear()
    this.#schema = null
  }

  /**
   * The table with columns for all fields. Statements that change it are committed at once.
   * @throws TableAlterOrCreateException when it is not there or lacks columns, and may not be changed @throws SqlException
   */
  async prepared(connection: PgConnection, name: TableName, { fields, keyNames }: RecordFields): Promise<TargetTable> {
    const place = await this.#placeOf(connection, name)
    const found = (await this.#look(connection, place)) ?? (await this.#create(connection, place, fields, keyNames))
    return this.#withColumns(connection, place, found, fields)
  }

  /** The table as it is. Null: it is not there. @throws SqlException */
  async existing(connection: PgConnection, name: TableName): Promise<TargetTable | null> {
    return this.#look(connection, await this.#placeOf(connection, name))
  }

  /** Name of the table with all parts, whether it is there or not. @throws SqlException */
  async shownName(connection: PgConnection, name: TableName): Promise<string> {
    return (await this.#placeOf(connection, name)).shown
  }

  async #placeOf(connection: PgConnection, { database, schema, table }: TableName): Promise<Place> {
    const { database: connected, style } = this.#parts
    if (database !== null && database !== connected) {
      // PostgreSQL's own sentence and SQLSTATE for it: a connection sees one database
      throw new SqlException(
        `ERROR: cross-database references are not implemented: "${database}.${schema ?? ''}.${table}". The connection is to ${connected}; leave the database out of the table's name, or name that one.`,
        '0A000',
      )
    }
    this.#schema ??= schema === null ? await currentSchema(connection) : null
    const inSchema = schema ?? this.#schema
    if (inSchema === null)
      throw new SqlException(`ERROR: no schema has been selected for table ${table}; search_path names none that is there.`, '3F000')
    return placeOf(connected, inSchema, table, style.quoting)
  }

  async #look(connection: PgConnection, place: Place): Promise<TargetTable | null> {
    const known = this.#known.get(place.shown)
    if (known !== undefined) return known
    const catalog = await readTable(connection, place.schema, place.table)
    if (catalog === null || !this.#isTarget(catalog)) return null
    const table = { shown: place.shown, sql: `${quoted(catalog.schema)}.${quoted(catalog.name)}`, catalog }
    this.#known.set(place.shown, table)
    return table
  }

  /** A partitioned table is a table to whom writes; Java asks for it by a name of its own. */
  #isTarget({ type }: CatalogTable): boolean {
    const { types } = this.#parts
    return types.has(type) || (type === 'PARTITIONED TABLE' && types.has('TABLE'))
  }

  async #create(connection: PgConnection, place: Place, fields: readonly SinkField[], keyNames: readonly string[]): Promise<TargetTable> {
    const { style, log } = this.#parts
    if (!style.ddl.autoCreate) throw new TableAlterOrCreateException(`Table ${place.shown} is missing and auto-creation is disabled`)
    const sql = createTableSql(place, fields, keyNames, style)
    log.info(`Creating table with sql: ${sql}`)
    await runAlone(connection, place, sql)
    const created = await this.#look(connection, place)
    if (created !== null) return created
    const types = [...this.#parts.types].join(', ')
    throw new TableAlterOrCreateException(
      `Table ${place.shown} is missing and could not be created: the name is taken by something that is none of ${types}`,
    )
  }

  async #withColumns(connection: PgConnection, place: Place, found: TargetTable, fields: readonly SinkField[]): Promise<TargetTable> {
    const { style, log } = this.#parts
    let table = found
    for (let attempt = 0; ; attempt++) {
      const missing = fields.filter(({ name }) => columnNamed(table.catalog, name) === null)
      if (missing.length === 0) return table
      mustBeAddable(table, missing, style)
      const sql = alterTableSql(table, missing, style)
      log.info(`Amending table to add missing fields with sql: ${sql}`)
      try {
        await runAlone(connection, place, sql)
      } catch (error) {
        if (attempt >= style.ddl.alterRetries || !(error instanceof SqlException) || error.kind !== 'record') throw error
        log.warn(`Amending the table failed; it is looked at again: ${error.message}`)
      }
      this.#known.delete(place.shown)
      table = (await this.#look(connection, place)) ?? table
    }
  }
}

interface Place {
  readonly schema: string
  readonly table: string
  readonly shown: string
  /** For CREATE: as the settings quote names. */
  readonly sql: string
}

function placeOf(database: string, schema: string, table: string, quoting: Quoting): Place {
  const [shownDatabase, shownSchema, shownTable] = [database, schema, table].map((part) => quoted(part, quoting))
  return { schema, table, shown: `${shownDatabase}.${shownSchema}.${shownTable}`, sql: `${shownSchema}.${shownTable}` }
}

/** The column a field is written to: of its very name, or the only one whose name differs in case alone. */
export function columnNamed({ columns }: CatalogTable, name: string): CatalogColumn | null {
  const exact = columns.find((column) => column.name === name)
  if (exact !== undefined) return exact
  const folded = name.toLowerCase()
  const similar = columns.filter((column) => column.name.toLowerCase() === folded)
  return similar.length === 1 ? (similar[0] ?? null) : null
}

function mustBeAddable({ shown, catalog }: TargetTable, missing: readonly SinkField[], { ddl }: ColumnStyle): void {
  const { type } = catalog
  const title = type.charAt(0) + type.slice(1).toLowerCase()
  const listed = missing.map(fieldText).join(', ')
  if (type !== 'TABLE' && type !== 'PARTITIONED TABLE') {
    throw new TableAlterOrCreateException(`${title} ${shown} is missing fields ([${listed}]) and ALTER ${type} is unsupported`)
  }
  const required = missing.find(({ schema }) => !schema.optional && (schema.defaultValue ?? null) === null)
  if (required !== undefined) {
    throw new TableAlterOrCreateException(
      `Cannot ALTER ${type} ${shown} to add missing field ${fieldText(required)}, as the field is not optional and does not have a default value`,
    )
  }
  if (!ddl.autoEvolve)
    throw new TableAlterOrCreateException(`${title} ${shown} is missing fields ([${listed}]) and auto-evolution is disabled`)
}

function createTableSql({ sql }: Place, fields: readonly SinkField[], keyNames: readonly string[], style: ColumnStyle): string {
  const lines = fields.map((field) => columnDefinition(field, style))
  const keys = fields.filter(({ name }) => keyNames.includes(name)).map(({ name }) => quoted(name, style.quoting))
  if (keys.length > 0) lines.push(`PRIMARY KEY(${keys.join(',')})`)
  return `CREATE TABLE IF NOT EXISTS ${sql} (\n${lines.join(',\n')})`
}

function alterTableSql({ sql }: TargetTable, missing: readonly SinkField[], style: ColumnStyle): string {
  return `ALTER TABLE ${sql} ${missing.map((field) => `ADD COLUMN IF NOT EXISTS ${columnDefinition(field, style)}`).join(',\n')}`
}

/** Tasks that want the same table changed at the same time wait for each other: PostgreSQL's IF NOT EXISTS alone can still collide. */
async function runAlone(connection: PgConnection, { shown }: Place, sql: string): Promise<void> {
  await connection.query('BEGIN')
  try {
    await connection.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`standpipe ${shown}`])
    await connection.query(sql)
    await connection.query('COMMIT')
  } catch (error) {
    if (connection.lost === null) await connection.query('ROLLBACK')
    throw error
  }
}
