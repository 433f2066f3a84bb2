import type { Logger, SourceOffset, SourceRecord } from 'standpipe/api'
import { CopiedRows } from '../../dialect/copied-rows.ts'
import type { PgConnection, SqlText } from '../../dialect/connection.ts'
import { literal, quoted } from '../../dialect/identifiers.ts'
import { readTable } from '../../dialect/table-catalog.ts'
import type { JdbcSourceSettings } from '../config/settings.ts'
import { offsetOfChange } from './change-position.ts'
import { ChangedTable } from './changed-table.ts'

/** A table by its name. */
export interface SnapshotTable {
  readonly schema: string
  readonly name: string
}

/** What a snapshot is read with. */
export interface SnapshotParts {
  readonly connection: PgConnection
  readonly settings: JdbcSourceSettings
  readonly tables: readonly SnapshotTable[]
  /** From there on changes follow. */
  readonly lsn: bigint
  readonly record: (table: ChangedTable, row: readonly SqlText[], offset: SourceOffset) => SourceRecord
  readonly log: Logger
}

interface OpenTable {
  readonly rows: CopiedRows
  readonly table: ChangedTable
}

const mostBytes = 16 * 1024 * 1024

/**
 * The rows that the tables had when the slot was made, or have had since, table after table. One row is held back, so that the very last
 * one carries the offset that ends the snapshot.
 */
export class TableSnapshot {
  readonly #parts: SnapshotParts
  readonly #offset: SourceOffset
  #next = 0
  #isOver = false
  #open: OpenTable | null = null
  #held: { readonly table: ChangedTable; readonly row: readonly SqlText[] } | null = null

  constructor(parts: SnapshotParts) {
    this.#parts = parts
    this.#offset = offsetOfChange({ lsn: parts.lsn, transaction: 0, sequence: 0, isSnapshot: true })
  }

  /** @param name that the connection which made the slot has given the snapshot; null: the rows there are now */
  async begin(name: string | null): Promise<void> {
    const { connection } = this.#parts
    await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    if (name !== null) await connection.query(`SET TRANSACTION SNAPSHOT ${literal(name)}`)
  }

  /** The next records; null: that was all. The transaction ends before the last of them. */
  async records(): Promise<SourceRecord[] | null> {
    if (this.#isOver) return null
    const { tables, connection } = this.#parts
    for (;;) {
      const table = tables[this.#next]
      if (this.#open === null && table === undefined) break
      if (table !== undefined) this.#open ??= await this.#openTable(table)
      const records = await this.#page()
      if (records.length > 0) return records
    }
    this.#isOver = true
    await connection.query('ROLLBACK')
    const last = this.#held
    if (last === null) return null
    return [this.#record(last.table, last.row, offsetOfChange({ lsn: this.#parts.lsn, transaction: 0, sequence: 0, isSnapshot: false }))]
  }

  async #openTable({ schema, name }: SnapshotTable): Promise<OpenTable> {
    const { connection, settings, log } = this.#parts
    const columns = (await readTable(connection, schema, name))?.columns.filter(({ isGenerated }) => !isGenerated) ?? [] // as the log has them
    const sql = `SELECT ${columns.map((column) => quoted(column.name)).join(', ')} FROM ${quoted(schema)}.${quoted(name)}`
    const found = await connection.query(`${sql} LIMIT 0`)
    const oid = found.columns[0]?.tableID ?? 0
    const logged = found.columns.map(({ name, dataTypeID, dataTypeModifier }) => {
      return { name, isKey: false, typeOid: dataTypeID, typeModifier: dataTypeModifier }
    })
    const table = await ChangedTable.of({ oid, schema, name, columns: logged }, connection, settings, log)
    const { maxRows, bufferRows } = settings.poll
    const rows = await CopiedRows.open(connection, found.columns, sql, { pageRows: maxRows, maxRows: bufferRows, maxBytes: mostBytes })
    return { rows, table }
  }

  async #page(): Promise<SourceRecord[]> {
    if (this.#open === null) return []
    const { rows, table } = this.#open
    const records: SourceRecord[] = []
    for (const row of (await rows.next()) ?? []) {
      if (this.#held !== null) records.push(this.#record(this.#held.table, this.#held.row, this.#offset))
      this.#held = { table, row }
    }
    if (rows.isAtEnd) this.#closeTable()
    return records
  }

  #closeTable(): void {
    this.#open = null
    this.#next++
  }

  #record(table: ChangedTable, row: readonly SqlText[], offset: SourceOffset): SourceRecord {
    return this.#parts.record(table, row, offset)
  }
}
