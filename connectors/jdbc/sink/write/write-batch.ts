import type { SinkRecord } from 'standpipe/api'
import type { SqlParameter } from '../../dialect/connection.ts'
import type { WriteSettings } from '../config/settings.ts'
import type { CopyRows } from '../../dialect/copy-rows.ts'
import type { RecordContent } from '../record/record-content.ts'
import type { TargetTable } from '../table/target-tables.ts'
import type { ColumnLayout } from './column-layout.ts'
import type { RowGroup } from './row-group.ts'
import { everyRow, lastRows, type RowOrder } from './row-order.ts'
import type { RowShape } from './row-shape.ts'
import { parameterSource } from './row-source.ts'
import { statementSql, writeSql, type StatementSql } from './statement-sql.ts'
import { TablePhase } from './table-phase.ts'

const none: ReadonlyMap<string, number> = new Map()

/** Characters of a statement, about. */
const statementLength = 32 * 1024 * 1024

/** COPY costs the server less than arrays do, but takes a moment to begin and end. */
const copyFromRows = 1000

/** Parameters that a statement can have. */
const mostParameters = 65_535
/** More rows make a statement with a parameter a value slower, not faster. */
const mostRowsOfValues = 1024

/** A statement with the rows it is about. */
export interface Statement {
  readonly sql: string
  /** One array a column, or one text a value. */
  readonly values: readonly SqlParameter[]
  /** For COPY: the rows in its text format; null: it is another statement. */
  readonly copied: Buffer | null
  /** Null: about the whole table. */
  readonly group: RowGroup | null
}

type BatchSettings = Pick<WriteSettings, 'insertMode' | 'batchSize' | 'onConflict' | 'method'>

/** Records that are written in one transaction. Rows are kept as texts; statements are made of them when it is their turn. */
export class WriteBatch {
  /** In the order they came. */
  readonly records: SinkRecord[] = []
  readonly #settings: BatchSettings
  readonly #tables = new Map<string, TablePhase[]>()
  readonly #sql: Map<ColumnLayout, StatementSql>
  /** Whether rows may go by COPY. A COPY that failed does not say of which row as clearly as other statements do. */
  mayCopy = true

  /** @param sql statements by layout, shared by the batches of a task */
  constructor(settings: BatchSettings, sql: Map<ColumnLayout, StatementSql>) {
    this.#settings = settings
    this.#sql = sql
  }

  /** @throws DataException for a value that cannot be written; then the record is not part of the batch */
  write(content: RecordContent, shape: RowShape): void {
    const phases = this.#phasesOf(shape.layout.table)
    if (phases.at(-1)?.write(content, shape) !== 'taken') {
      const phase = this.#newPhase()
      phase.write(content, shape)
      phases.push(phase)
    }
    this.records.push(content.record)
  }

  /** As `write`. */
  delete(content: RecordContent, shape: RowShape): void {
    const phases = this.#phasesOf(shape.layout.table)
    if (phases.at(-1)?.delete(content, shape) !== 'taken') {
      const phase = this.#newPhase()
      phase.delete(content, shape)
      phases.push(phase)
    }
    this.records.push(content.record)
  }

  /** Empties the table, and then goes on. */
  truncate(record: SinkRecord, table: TargetTable): void {
    const phase = this.#newPhase()
    phase.truncates = true
    this.#phasesOf(table).push(phase)
    this.records.push(record)
  }

  /** The record asks for nothing. */
  pass(record: SinkRecord): void {
    this.records.push(record)
  }

  /** How long the texts of all rows are together: what the batch takes of memory. */
  get length(): number {
    let length = 0
    for (const phases of this.#tables.values()) {
      for (const { writes } of phases) for (const group of writes) length += group.length
    }
    return length
  }

  /** What there is to do, in order. */
  *statements(): Generator<Statement> {
    for (const [table, phases] of this.#tables) {
      for (const { truncates, writes, deletes, deletedAt } of phases) {
        if (truncates) yield { sql: `TRUNCATE TABLE ${table}`, values: [], copied: null, group: null }
        if (deletes !== null) yield* this.#deletes(deletes)
        for (const group of writes) yield* this.#writes(group, group === writes[0] ? deletedAt : none)
      }
    }
  }

  #phasesOf({ sql }: TargetTable): TablePhase[] {
    let phases = this.#tables.get(sql)
    if (phases === undefined) this.#tables.set(sql, (phases = [this.#newPhase()]))
    return phases
  }

  #newPhase(): TablePhase {
    const { insertMode, method } = this.#settings
    const isInsert = insertMode === 'insert'
    return new TablePhase(isInsert, isInsert && (method === 'auto' || method === 'copy'))
  }

  *#writes(group: RowGroup, deletedAt: ReadonlyMap<string, number>): Generator<Statement> {
    const { insertMode } = this.#settings
    const { layout } = group
    if (insertMode === 'update' && layout.columns.length === layout.keyCount) return // nothing but keys: nothing to change
    if (group.copyRows !== null && this.#prefersCopy(group)) {
      yield* this.#copies(this.#sqlOf(layout).copy, group, group.copyRows)
      return
    }
    const keepsAll = insertMode === 'insert' || layout.keyCount === 0 || layout.keyEquality === 'unknown'
    const rows = keepsAll ? everyRow(group) : lastRows(group, deletedAt)
    if (this.#settings.method === 'values') yield* this.#parameters(group, rows.rows)
    else yield* this.#chunks(this.#sqlOf(layout).write, group, rows)
  }

  /** In powers of two, so that there are few different statements. */
  *#parameters(group: RowGroup, rows: readonly number[]): Generator<Statement> {
    const { layout } = group
    const { insertMode, onConflict, batchSize } = this.#settings
    const most = Math.max(1, Math.min(batchSize, mostRowsOfValues, Math.floor(mostParameters / layout.columns.length)))
    for (let from = 0; from < rows.length;) {
      const count = 2 ** Math.floor(Math.log2(Math.min(most, rows.length - from)))
      const sql = writeSql(layout, insertMode, onConflict, parameterSource(layout.columns.length, count))
      const chunk = rows.slice(from, from + count)
      yield { sql, group, copied: null, values: chunk.flatMap((row) => group.columns.map((column) => column.textAt(row))) }
      from += count
    }
  }

  #prefersCopy({ count }: RowGroup): boolean {
    const { method, batchSize } = this.#settings
    return this.mayCopy && (method === 'copy' || (method === 'auto' && Math.min(count, batchSize) >= copyFromRows))
  }

  *#copies(sql: string, group: RowGroup, rows: CopyRows): Generator<Statement> {
    const most = this.#rowsOfStatement(group)
    for (let from = 0; from < group.count; from += most) {
      const to = Math.min(from + most, group.count)
      yield { sql, group, values: [], copied: rows.slice(from, to) }
    }
  }

  *#deletes(group: RowGroup): Generator<Statement> {
    const sql = this.#sqlOf(group.layout).delete
    if (sql !== null) yield* this.#chunks(sql, group, group.layout.keyEquality === 'unknown' ? everyRow(group) : lastRows(group, none))
  }

  *#chunks(sql: string, group: RowGroup, { rows, areAll }: RowOrder): Generator<Statement> {
    const most = this.#rowsOfStatement(group)
    for (let from = 0; from < rows.length; from += most) {
      const to = Math.min(from + most, rows.length)
      const isWhole = areAll && to - from === group.count
      yield {
        sql,
        group,
        copied: null,
        values: group.columns.map((column) => (isWhole ? column.array() : column.arrayOf(rows, from, to))),
      }
    }
  }

  /** Rows of many megabytes go by few. */
  #rowsOfStatement({ length, count }: RowGroup): number {
    return Math.max(1, Math.min(this.#settings.batchSize, Math.floor((statementLength * count) / Math.max(1, length))))
  }

  #sqlOf(layout: ColumnLayout): StatementSql {
    let sql = this.#sql.get(layout)
    if (sql === undefined) this.#sql.set(layout, (sql = statementSql(layout, this.#settings.insertMode, this.#settings.onConflict)))
    return sql
  }
}
