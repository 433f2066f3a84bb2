import { ConnectException, SourceRecord, type Logger, type SourceOffset } from 'standpipe/api'
import type { PgConnection, ResultColumn, SqlResult, SqlText } from '../../dialect/connection.ts'
import { CopiedRows } from '../../dialect/copied-rows.ts'
import { PgCursor } from '../../dialect/cursor.ts'
import type { Rows, RowStream } from '../../dialect/row-stream.ts'
import { TemporalText } from '../../dialect/temporal-text.ts'
import type { JdbcSourceSettings } from '../config/settings.ts'
import { placeOf, type ReadColumns } from '../table/read-columns.ts'
import { readColumnFacts } from '../value/column-facts.ts'
import { Moment } from '../value/moment.ts'
import { RowPlan } from '../value/row-plan.ts'
import { boundStatement, criteriaValues, literalStatement, timeExpression, type Bounds, type CriteriaColumns } from './criteria.ts'
import { lateRowsSql, snapshotSql } from './late-rows.ts'
import { bulkPage, keyOf, pageLimit } from './pages.ts'
import { offsetOf, type Position } from './position.ts'
import { RecordKeys } from './record-keys.ts'
import { RowOffsets, type PlacedRow } from './row-offsets.ts'
import { RowPositions } from './row-positions.ts'
import { readStatement, type ReadStatement, type SourceRelation } from './source-relation.ts'
import { unsettledExpression, VisibilityGuard, type Visibility } from './visibility-guard.ts'
import { VisibilityWarnings } from './visibility-warnings.ts'

/** What a reader is made of. */
export interface TableReaderParts {
  readonly relation: SourceRelation
  readonly columns: ReadColumns
  /** Columns of the keys of records; empty: there are none. */
  readonly keyColumns: readonly string[]
  /** Columns of the primary key; empty: none, or of no interest. */
  readonly pageKey: readonly string[]
  readonly settings: JdbcSourceSettings
  /** Where reading goes on. */
  readonly position: Position
  /** False: rows have no transaction, as those of views. */
  readonly isGuarded: boolean
  /** Whether rows that come late are looked for. */
  readonly rescans: boolean
  readonly log: Logger
}

/** A result being read. */
interface OpenRead {
  readonly stream: RowStream
  readonly offsets: RowOffsets
  readonly hasFlag: boolean
  /** What its transaction sees; null: nobody wants to know. */
  readonly snapshot: string | null
  plan: RowPlan | null
  /** Rows before those of the stream, which come late. */
  late: Rows
  count: number
  lastKey: readonly SqlText[] | null
}

const epoch = { ms: 0, micros: 0 } as const
const unsettledName = 'standpipe_unsettled'
/** Rows of many megabytes go by few. */
const mostBufferedBytes = 16 * 1024 * 1024

/** Reads one table, or the query, again and again; each read goes on where the last record that was given out stands. */
export class TableReader {
  readonly relation: SourceRelation
  readonly #parts: TableReaderParts
  readonly #text: TemporalText
  readonly #criteria: CriteriaColumns
  readonly #keys: RecordKeys | null
  readonly #guard: VisibilityGuard
  readonly #warnings: VisibilityWarnings
  #position: Position
  #open: OpenRead | null = null
  /** The page that was read last was a full one. */
  #hasMorePages = false
  /** In mode bulk: the key of that page's last row. */
  #pageAfter: readonly SqlText[] | null = null
  #lastPlan: { readonly signature: string; readonly plan: RowPlan } | null = null
  #placed: RowPositions | null = null

  constructor(parts: TableReaderParts) {
    const { relation, columns, settings, keyColumns } = parts
    const { zone } = settings.values
    this.relation = relation
    this.#parts = parts
    this.#position = parts.position
    this.#text = new TemporalText(zone, zone, 'PROLEPTIC_GREGORIAN')
    this.#guard = new VisibilityGuard(settings.mode.guardMaxWaitMs)
    this.#warnings = new VisibilityWarnings(parts.log)
    this.#keys = keyColumns.length === 0 ? null : new RecordKeys(keyColumns, settings.records.hasPrimitiveKeys)
    this.#criteria = {
      mode: settings.mode.mode,
      timestamps: columns.timestamps.map(relation.column),
      incrementing: columns.incrementing === null ? null : relation.column(columns.incrementing) + (columns.isOid ? '::int8' : ''),
    }
  }

  /** Whether there may be more rows of the read that was begun. */
  get isReading(): boolean {
    return this.#open !== null || this.#hasMorePages
  }

  /**
   * The next records, at most `batch.max.rows`; begins a read where none is under way. Empty: the read is over.
   * @throws SqlException; call `abandon` then @throws ConnectException or DataException for a row that cannot be taken
   */
  async next(connection: PgConnection): Promise<readonly SourceRecord[]> {
    const records: SourceRecord[] = []
    do {
      const open = (this.#open ??= await this.#begin(connection))
      if (open.late.length > 0) this.#takeLate(open, records)
      else await this.#takePage(connection, open, records)
    } while (records.length === 0 && this.isReading)
    return records
  }

  /** After an error: what was begun is forgotten. */
  abandon(): void {
    this.#open = null
    this.#hasMorePages = false
  }

  async #begin(connection: PgConnection): Promise<OpenRead> {
    const { settings, relation, isGuarded, rescans } = this.#parts
    const visibility = isGuarded ? await this.#guard.look(connection) : null
    if (visibility !== null) this.#warnings.warn(visibility)
    const isTimed = settings.mode.mode === 'timestamp'
    // One snapshot for all statements of a read that has several.
    const isolation = rescans || (visibility !== null && isTimed) ? 'REPEATABLE READ' : settings.isolation
    await connection.query(`BEGIN${isolation === null ? '' : ` ISOLATION LEVEL ${isolation}`} READ ONLY`)
    const snapshot = rescans ? await this.#snapshot(connection) : null
    const bounds = await this.#bounds(connection, visibility)
    const hasFlag = visibility !== null && !isTimed
    const late = snapshot === null ? null : await this.#lateRows(connection)
    this.#placed = null
    const from = hasFlag ? this.#flagged(visibility) : relation
    const { stream, plan } = await this.#openStream(connection, from, this.#statement(from), bounds, hasFlag)
    const offsets = new RowOffsets(settings.mode.mode, this.#position, (row) => this.#positions(stream.columns, snapshot).of(row))
    const firstPlan = plan ?? (late === null ? null : await this.#plan(connection, late.columns, false))
    return { stream, offsets, hasFlag, snapshot, plan: firstPlan, late: late?.rows ?? [], count: 0, lastKey: null }
  }

  #statement(from: SourceRelation): ReadStatement {
    const { settings, relation, pageKey } = this.#parts
    const { mode } = settings.mode
    const { pageRows } = settings.poll
    if (mode !== 'bulk') return readStatement(from, this.#criteria, `${settings.mode.querySuffix}${pageLimit(mode, pageRows)}`.trim())
    if (pageKey.length === 0) return readStatement(from, this.#criteria, settings.mode.querySuffix)
    return { sql: from.sql + bulkPage(pageKey.map(relation.column), this.#pageAfter === null, pageRows), asJava: false }
  }

  /** Tables by COPY. Queries, and reads with a limit of time for each answer, by a cursor, whose answers are short. */
  async #openStream(
    connection: PgConnection,
    { sql: from, table }: SourceRelation,
    { sql, asJava }: ReadStatement,
    bounds: Bounds,
    hasFlag: boolean,
  ): Promise<{ stream: RowStream; plan: RowPlan | null }> {
    const { settings, log } = this.#parts
    const { maxRows, bufferRows } = settings.poll
    const values = this.#pageAfter ?? criteriaValues(settings.mode.mode, bounds, asJava, this.#text)
    if (!settings.mode.isQueryMasked) log.debug(`Reading ${sql}`)
    if (table === null || settings.connection.socketTimeoutMs > 0 || settings.connection.statementTimeoutMs > 0) {
      const bound = boundStatement(sql, values)
      return { stream: await PgCursor.open(connection, bound.text, bound.values, maxRows), plan: null }
    }
    const { columns } = await connection.query(`${from} LIMIT 0`)
    const plan = await this.#plan(connection, columns, hasFlag)
    const buffer = { pageRows: maxRows, maxRows: bufferRows, maxBytes: mostBufferedBytes }
    return { stream: await CopiedRows.open(connection, columns, literalStatement(sql, values), buffer), plan }
  }

  async #snapshot(connection: PgConnection): Promise<string | null> {
    const { rows } = await connection.query(snapshotSql)
    const snapshot = rows[0]?.[0] ?? null
    if (snapshot === null) this.#warnings.warnOfStandby('visibility.rescan.ids finds no rows that come late')
    return snapshot
  }

  /** Those behind the position are not among them: the read finds them. */
  async #lateRows(connection: PgConnection): Promise<SqlResult | null> {
    const { id, snapshot } = this.#position
    const { incrementing } = this.#criteria
    const { relation, settings } = this.#parts
    if (id === null || incrementing === null || snapshot === undefined) return null
    const sql = lateRowsSql(relation.sql, tableOf(relation), incrementing)
    const { text, values } = boundStatement(sql, [id, id, String(settings.mode.rescanIds), snapshot])
    return connection.query(text, values)
  }

  #positions(columns: readonly ResultColumn[], snapshot: string | null): RowPositions {
    return (this.#placed ??= this.#newPositions(columns, snapshot))
  }

  #newPositions(columns: readonly ResultColumn[], snapshot: string | null): RowPositions {
    const { columns: readBy, relation, settings } = this.#parts
    const place = (name: string) => {
      const found = placeOf(columns, name)
      if (found >= 0) return found
      throw new ConnectException(
        `The result of ${relation.shown} has no column ${name} to read by; it has ${columns.map((each) => each.name).join(', ')}.`,
      )
    }
    return new RowPositions(
      relation.shown,
      readBy.incrementing === null ? -1 : place(readBy.incrementing),
      readBy.timestamps.map(place),
      settings.values,
      snapshot,
    )
  }

  async #bounds(connection: PgConnection, visibility: Visibility | null): Promise<Bounds> {
    const { mode } = this.#parts.settings
    const id = this.#position.id ?? String(mode.incrementingInitial)
    const begin = this.#position.time ?? epoch
    if (mode.mode === 'bulk' || mode.mode === 'incrementing') return { id, begin, end: epoch }
    const now = await serverTime(connection)
    const endMs = Math.min(now - mode.delayMs, visibility?.oldestStartMs ?? Infinity)
    const bounds = { id, begin, end: { ms: endMs, micros: 0 } }
    return visibility === null || mode.mode !== 'timestamp' ? bounds : await this.#settledBounds(connection, bounds, visibility)
  }

  /** In mode timestamp a time is read whole or not at all: up to the first one that has a row that is not settled. */
  async #settledBounds(connection: PgConnection, bounds: Bounds, visibility: Visibility): Promise<Bounds> {
    const { relation, settings } = this.#parts
    const time = timeExpression(this.#criteria.timestamps)
    const table = tableOf(relation)
    const first = `SELECT min(${time}) FROM ${table} WHERE ${time} > ? AND ${time} < ? AND ${unsettledExpression(table, visibility)}`
    const { text, values } = boundStatement(first, criteriaValues('timestamp', bounds, false, this.#text))
    const { rows } = await connection.query(text, values)
    const unsettled = rows[0]?.[0] ?? null
    if (unsettled === null) return bounds
    const moment = new Moment(settings.values.zone, 'PROLEPTIC_GREGORIAN')
    moment.readTimestamp(unsettled)
    return { ...bounds, end: { ms: moment.ms, micros: moment.micros } }
  }

  #flagged(visibility: Visibility): SourceRelation {
    const { relation } = this.#parts
    const table = tableOf(relation)
    return { ...relation, sql: `SELECT *, ${unsettledExpression(table, visibility)} AS ${unsettledName} FROM ${table}` }
  }

  /** They keep the position, but for the last, which ends the looking back. */
  #takeLate(open: OpenRead, records: SourceRecord[]): void {
    const { plan, late, snapshot } = open
    open.late = []
    const done = snapshot === null ? this.#position : { ...this.#position, snapshot }
    for (const [index, row] of late.entries()) {
      const position = index === late.length - 1 ? done : this.#position
      this.#take({ row, offset: offsetOf(position), position }, plan, records)
    }
  }

  async #takePage(connection: PgConnection, open: OpenRead, records: SourceRecord[]): Promise<void> {
    const { stream } = open
    const rows = await stream.next()
    if (rows !== null) await this.#takeRows(connection, open, rows, records)
    if (!stream.isAtEnd) return
    this.#take(open.offsets.last(), open.plan, records)
    await this.#end(open)
  }

  async #takeRows(connection: PgConnection, open: OpenRead, rows: Rows, records: SourceRecord[]): Promise<void> {
    const { stream, offsets, hasFlag } = open
    const plan = (open.plan ??= await this.#plan(connection, stream.columns, hasFlag))
    open.count += rows.length
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] as Rows[number]
      if (hasFlag && row[row.length - 1] === 't') return this.#skipRest(open)
      this.#take(offsets.next(row), plan, records)
    }
    open.lastKey = this.#keyOf(stream.columns, rows.at(-1))
  }

  /** What is not settled yet ends the read, whatever its page still has. */
  #skipRest(open: OpenRead): void {
    open.count = 0
    open.stream.skipRest()
  }

  #take(placed: PlacedRow | null, plan: RowPlan | null, records: SourceRecord[]): void {
    if (placed === null || plan === null) return
    records.push(this.#record(plan, placed.row, placed.offset))
    this.#position = placed.position
  }

  #record(plan: RowPlan, row: readonly SqlText[], sourceOffset: SourceOffset | null): SourceRecord {
    const { partition: sourcePartition, topic } = this.relation
    const valueData = plan.data(row)
    if (this.#keys === null) return new SourceRecord({ sourcePartition, sourceOffset, topic, valueData })
    return new SourceRecord({ sourcePartition, sourceOffset, topic, valueData, keyData: this.#keys.of(valueData) })
  }

  /** Where the next page of mode bulk goes on. */
  #keyOf(columns: readonly ResultColumn[], row: readonly SqlText[] | undefined): readonly SqlText[] | null {
    const { pageKey } = this.#parts
    if (pageKey.length === 0 || row === undefined) return null
    return keyOf(
      row,
      pageKey.map((name) => placeOf(columns, name)),
    )
  }

  /** The plan of the last read where the columns are the same, so that records keep their schema. */
  async #plan(connection: PgConnection, found: readonly ResultColumn[], hasFlag: boolean): Promise<RowPlan> {
    const { relation, settings, log } = this.#parts
    const columns = hasFlag ? found.slice(0, -1) : found
    const facts = await readColumnFacts(connection, columns)
    const signature = JSON.stringify([columns.map(({ name, dataTypeID, dataTypeModifier }) => [name, dataTypeID, dataTypeModifier]), facts])
    if (this.#lastPlan?.signature !== signature) {
      this.#lastPlan = { signature, plan: RowPlan.of(columns, facts, relation.table?.name ?? null, settings.values, log) }
    }
    return this.#lastPlan.plan
  }

  /** Records that were read are good whatever becomes of the transaction. */
  async #end(open: OpenRead): Promise<void> {
    const { pageRows } = this.#parts.settings.poll
    this.#open = null
    this.#hasMorePages = pageRows > 0 && open.count >= pageRows
    this.#pageAfter = this.#hasMorePages ? open.lastKey : null
    if (open.snapshot !== null && !this.#hasMorePages && this.#position.id !== null)
      this.#position = { ...this.#position, snapshot: open.snapshot }
    await open.stream
      .close()
      .catch((error: unknown) => this.#parts.log.warn(`The reading transaction of ${this.relation.shown} did not end as it should`, error))
  }
}

/** Its name, as SQL has it. */
function tableOf({ sql }: SourceRelation): string {
  return sql.slice('SELECT * FROM '.length)
}

/** Of the transaction's start, in epoch milliseconds, rounded down. */
export async function serverTime(connection: PgConnection): Promise<number> {
  const { rows } = await connection.query('SELECT floor(extract(epoch FROM CURRENT_TIMESTAMP) * 1000)::int8')
  return Number(rows[0]?.[0] ?? 0)
}
