import { ConnectException, SourceRecord, type Logger } from 'standpipe/api'
import type { PgConnection, ResultColumn, SqlText } from '../../dialect/connection.ts'
import { PgCursor } from '../../dialect/cursor.ts'
import { TemporalText } from '../../dialect/temporal-text.ts'
import type { JdbcSourceSettings } from '../config/settings.ts'
import { placeOf, type ReadColumns } from '../table/read-columns.ts'
import { readColumnFacts } from '../value/column-facts.ts'
import { Moment } from '../value/moment.ts'
import { RowPlan } from '../value/row-plan.ts'
import { boundStatement, criteriaValues, timeExpression, type Bounds, type CriteriaColumns } from './criteria.ts'
import type { Position } from './position.ts'
import { RecordKeys } from './record-keys.ts'
import { RowOffsets, type PlacedRow } from './row-offsets.ts'
import { RowPositions } from './row-positions.ts'
import { readStatement, type SourceRelation } from './source-relation.ts'
import { unsettledExpression, VisibilityGuard, type Visibility } from './visibility-guard.ts'

/** What a reader is made of. */
export interface TableReaderParts {
  readonly relation: SourceRelation
  readonly columns: ReadColumns
  /** Columns of the keys of records; empty: there are none. */
  readonly keyColumns: readonly string[]
  readonly settings: JdbcSourceSettings
  /** Where reading goes on. */
  readonly position: Position
  /** False: rows have no transaction, as those of views. */
  readonly isGuarded: boolean
  readonly log: Logger
}

/** A result being read. */
interface OpenRead {
  readonly cursor: PgCursor
  readonly offsets: RowOffsets
  readonly hasFlag: boolean
  plan: RowPlan | null
  keys: RecordKeys | null
}

const epoch = { ms: 0, micros: 0 } as const
const unsettledName = 'standpipe_unsettled'

/** Reads one table, or the query, again and again; each read goes on where the last record that was given out stands. */
export class TableReader {
  readonly relation: SourceRelation
  readonly #parts: TableReaderParts
  readonly #text: TemporalText
  readonly #criteria: CriteriaColumns
  #position: Position
  #open: OpenRead | null = null
  #lastPlan: { readonly signature: string; readonly plan: RowPlan } | null = null
  #placed: RowPositions | null = null
  readonly #guard = new VisibilityGuard()
  #warnsOfHidden = true

  constructor(parts: TableReaderParts) {
    const { relation, columns, settings } = parts
    const { zone } = settings.values
    this.relation = relation
    this.#parts = parts
    this.#position = parts.position
    this.#text = new TemporalText(zone, zone, 'PROLEPTIC_GREGORIAN')
    this.#criteria = {
      mode: settings.mode.mode,
      timestamps: columns.timestamps.map(relation.column),
      incrementing: columns.incrementing === null ? null : relation.column(columns.incrementing) + (columns.isOid ? '::int8' : ''),
    }
  }

  /** Whether there may be more rows of the read that was begun. */
  get isReading(): boolean {
    return this.#open !== null
  }

  /**
   * The next records, at most `batch.max.rows`; begins a read where none is under way. Empty: the read is over.
   * @throws SqlException; call `abandon` then @throws ConnectException or DataException for a row that cannot be taken
   */
  async next(connection: PgConnection): Promise<readonly SourceRecord[]> {
    const open = (this.#open ??= await this.#begin(connection))
    const records: SourceRecord[] = []
    while (records.length === 0 && this.#open !== null) {
      const rows = await open.cursor.next()
      if (rows !== null) await this.#takeRows(connection, open, rows, records)
      if (!open.cursor.isAtEnd) continue
      this.#take(open.offsets.last(), open, records)
      await this.#end(open)
    }
    return records
  }

  /** After an error: what was begun is forgotten. */
  abandon(): void {
    this.#open = null
  }

  async #begin(connection: PgConnection): Promise<OpenRead> {
    const { settings, relation, isGuarded, keyColumns } = this.#parts
    const visibility = isGuarded ? await this.#guard.look(connection) : null
    if (visibility !== null) this.#warnOfHidden(visibility)
    const isTimed = settings.mode.mode === 'timestamp'
    // One snapshot for the two statements of a guarded read by time.
    const isolation = visibility !== null && isTimed ? 'REPEATABLE READ' : settings.isolation
    await connection.query(`BEGIN${isolation === null ? '' : ` ISOLATION LEVEL ${isolation}`} READ ONLY`)
    const bounds = await this.#bounds(connection, visibility)
    const hasFlag = visibility !== null && !isTimed
    const statement = readStatement(hasFlag ? this.#flagged(visibility) : relation, this.#criteria, settings.mode.querySuffix)
    const { text, values } = boundStatement(statement.sql, criteriaValues(settings.mode.mode, bounds, statement.asJava, this.#text))
    if (!settings.mode.isQueryMasked) this.#parts.log.debug(`Reading ${text}`)
    const cursor = await PgCursor.open(connection, text, values, settings.poll.maxRows)
    const offsets = new RowOffsets(settings.mode.mode, this.#position, (row) => this.#positions(cursor.columns).of(row))
    this.#placed = null
    return { cursor, offsets, hasFlag, plan: null, keys: keyColumns.length === 0 ? null : new RecordKeys(keyColumns) }
  }

  #positions(columns: readonly ResultColumn[]): RowPositions {
    return (this.#placed ??= this.#newPositions(columns))
  }

  #newPositions(columns: readonly ResultColumn[]): RowPositions {
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
    const table = relation.sql.slice('SELECT * FROM '.length)
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
    const table = relation.sql.slice('SELECT * FROM '.length)
    return { ...relation, sql: `SELECT *, ${unsettledExpression(table, visibility)} AS ${unsettledName} FROM ${table}` }
  }

  async #takeRows(connection: PgConnection, open: OpenRead, rows: readonly (readonly SqlText[])[], records: SourceRecord[]): Promise<void> {
    open.plan ??= await this.#plan(connection, open)
    for (const row of rows) {
      if (open.hasFlag && row.at(-1) === 't') return open.cursor.skipRest()
      this.#take(open.offsets.next(row), open, records)
    }
  }

  #take(placed: PlacedRow | null, { plan, keys }: OpenRead, records: SourceRecord[]): void {
    if (placed === null || plan === null) return
    const { relation } = this.#parts
    const value = plan.struct(placed.row)
    records.push(
      new SourceRecord({
        sourcePartition: relation.partition,
        sourceOffset: placed.offset,
        topic: relation.topic,
        valueSchema: plan.schema,
        value,
        ...(keys === null ? {} : keys.of(plan.schema, value)),
      }),
    )
    this.#position = placed.position
  }

  /** The plan of the last read where the columns are the same, so that records keep their schema. */
  async #plan(connection: PgConnection, open: OpenRead): Promise<RowPlan> {
    const { relation, settings, log } = this.#parts
    const columns = open.hasFlag ? open.cursor.columns.slice(0, -1) : open.cursor.columns
    const facts = await readColumnFacts(connection, columns)
    const signature = JSON.stringify([columns.map(({ name, dataTypeID, dataTypeModifier }) => [name, dataTypeID, dataTypeModifier]), facts])
    if (this.#lastPlan?.signature !== signature) {
      this.#lastPlan = { signature, plan: RowPlan.of(columns, facts, relation.table?.name ?? null, settings.values, log) }
    }
    return this.#lastPlan.plan
  }

  /** Records that were read are good whatever becomes of the transaction. */
  async #end(open: OpenRead): Promise<void> {
    this.#open = null
    await open.cursor
      .close()
      .catch((error: unknown) => this.#parts.log.warn(`The reading transaction of ${this.relation.shown} did not end as it should`, error))
  }

  #warnOfHidden({ hidden }: Visibility): void {
    if (hidden === 0 || !this.#warnsOfHidden) return
    this.#warnsOfHidden = false
    this.#parts.log.warn(
      `visibility.guard: the state of ${hidden} sessions is hidden from this user. Grant it pg_read_all_stats, so that rows of their transactions are not skipped either.`,
    )
  }
}

/** Of the transaction's start, in epoch milliseconds, rounded down. */
export async function serverTime(connection: PgConnection): Promise<number> {
  const { rows } = await connection.query('SELECT floor(extract(epoch FROM CURRENT_TIMESTAMP) * 1000)::int8')
  return Number(rows[0]?.[0] ?? 0)
}
