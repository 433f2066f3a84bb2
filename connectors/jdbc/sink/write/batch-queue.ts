import { ConnectException, type Logger, type SinkRecord } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import { SqlException } from '../../dialect/sql-exception.ts'
import { concernsWholeStatement, isLostStatement, isStaleTable } from '../../dialect/sqlstate.ts'
import { placeOf } from '../record/record-place.ts'
import type { BatchBuilder } from './batch-builder.ts'
import { runBatch, StatementFault } from './batch-transaction.ts'
import { columnAtFault, columnsOfConstraint } from './column-at-fault.ts'
import { culpritOf } from './culprit.ts'
import type { RecordPlanner } from './record-planner.ts'
import type { OffsetLedger } from './offset-ledger.ts'
import type { RefusedRecords } from './refused-records.ts'
import type { RowGroup } from './row-group.ts'
import type { Session } from './session.ts'
import type { WriteBatch } from './write-batch.ts'

/** A deadlock, or a transaction that cannot be put in order with others, passes when it is tried again at once. */
const mostQuickRetries = 3

export interface BatchQueueParts {
  readonly session: Session
  readonly builder: BatchBuilder
  readonly planner: RecordPlanner
  readonly refused: RefusedRecords
  /** Null: offsets are Kafka's alone. */
  readonly ledger: OffsetLedger | null
  /** `trim.sensitive.log` */
  readonly redacts: boolean
  /** Called when there is nothing left to do: what has come together meanwhile; null: nothing. */
  readonly next: () => WriteBatch | null
  readonly log: Logger
}

/** Records that are written together. */
interface Work {
  records: readonly SinkRecord[]
  /** Null: to be made when it is its turn. */
  batch: WriteBatch | null
  quickRetries: number
  /** Whether tables were looked at again because of it. */
  isRefreshed: boolean
}

/**
 * Writes batches in the order they come, one transaction each, and by itself: nobody needs to wait.
 *
 * A batch that the database refuses for its data is halved until the records at fault are alone; these are reported, everything before
 * is written by then, so that the order of a key's changes is kept. When the database is out the queue stops with all it has, until
 * `resume`. When something needs a person it stops for good. Only what is written or reported leaves the queue.
 */
export class BatchQueue {
  readonly #parts: BatchQueueParts
  #work: Work[] = []
  #isRunning = false
  #waiting: (() => void)[] = []
  /** The database is out; null: as far as is known it is not. */
  outage: SqlException | null = null
  /** Why nothing is written any more. */
  failure: Error | null = null

  constructor(parts: BatchQueueParts) {
    this.#parts = parts
  }

  get isIdle(): boolean {
    return !this.#isRunning
  }

  /** What is not settled: with everything else to be asked for when offsets are committed. */
  *unsettled(): Generator<readonly SinkRecord[]> {
    for (const { records } of this.#work) yield records
  }

  /** Begins with what there is, unless it is at work or may not. */
  start(): void {
    if (this.#isRunning || this.outage !== null || this.failure !== null) return
    this.#isRunning = true
    void this.#run()
  }

  /** After an outage: tries again. */
  resume(): void {
    this.outage = null
    this.start()
  }

  /** Resolves when a batch is settled, or the queue has stopped. */
  async turn(): Promise<void> {
    if (this.#isRunning) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when there is nothing left, or the queue has stopped for other reasons. */
  async idle(): Promise<void> {
    while (this.#isRunning) await this.turn()
  }

  /** Whoever these records belong to now reads them again. The queue must not be at work. */
  forget(isGone: (record: SinkRecord) => boolean): void {
    this.#work = this.#work.map((work) => workOf(work.records.filter((record) => !isGone(record))))
  }

  async #run(): Promise<void> {
    try {
      for (let work = this.#nextWork(); work !== null; work = this.#nextWork()) {
        await this.#step(work)
        if (this.#work[0] !== work) this.#notify()
      }
    } catch (error) {
      if (error instanceof SqlException && error.kind === 'system') this.outage = error
      else this.failure = error instanceof Error ? error : new ConnectException(String(error))
    } finally {
      this.#isRunning = false
      this.#notify()
    }
  }

  #nextWork(): Work | null {
    const [first] = this.#work
    if (first !== undefined) return first
    const batch = this.#parts.next()
    if (batch === null) return null
    const work = workOf(batch.records, batch)
    this.#work.push(work)
    return work
  }

  #notify(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** @throws SqlException of an outage, or what ends the queue; the work is kept */
  async #step(work: Work): Promise<void> {
    const { session, builder, ledger } = this.#parts
    try {
      const connection = await session.connection()
      if (ledger !== null && session.isFresh) await this.#withoutOld(work, connection, ledger)
      work.batch ??= await builder.build(connection, work.records)
      await runBatch(connection, work.batch, { ledger })
      session.used()
      this.#work.shift()
    } catch (error) {
      if (error instanceof StatementFault) await this.#statementFailed(work, error)
      else if (error instanceof SqlException && error.kind === 'system') this.#systemFailed(work, error)
      else throw error
    }
  }

  /** After a lost connection what was written by its last transaction is not written again. */
  async #withoutOld(work: Work, connection: PgConnection, ledger: OffsetLedger): Promise<void> {
    await ledger.readAgain(connection)
    const left = work.records.filter((record) => !ledger.isOld(record))
    if (left.length === work.records.length) return
    work.records = left
    work.batch = null
  }

  async #statementFailed(work: Work, { exception, group, isCopy }: StatementFault): Promise<void> {
    if (isCopy && exception.kind === 'record' && work.batch !== null) {
      work.batch.mayCopy = false
      return
    }
    switch (exception.kind) {
      case 'system':
        return this.#systemFailed(work, exception)
      case 'bug':
        throw new ConnectException(`Writing failed: ${exception.message} (SQLSTATE ${exception.sqlState})`, { cause: exception })
      case 'record':
        return this.#recordsFailed(work, exception, group)
    }
  }

  /** @throws SqlException unless it is tried again at once */
  #systemFailed(work: Work, exception: SqlException): void {
    const { session, log } = this.#parts
    const { sqlState } = exception
    const wasFresh = session.isFresh
    const isOfConnection = ['08', '57', '25'].includes(sqlState.slice(0, 2)) && sqlState !== '57014'
    if (isOfConnection) session.drop()
    if (isLostStatement(sqlState)) session.forgoNames()
    const passesAtOnce = sqlState.startsWith('40') || isLostStatement(sqlState) || (isOfConnection && !wasFresh)
    if (!passesAtOnce || work.quickRetries >= mostQuickRetries) throw exception
    work.quickRetries++
    log.debug(`A write is tried again at once: ${exception.message}`)
  }

  async #recordsFailed(work: Work, exception: SqlException, group: RowGroup | null): Promise<void> {
    const { planner, refused } = this.#parts
    if (isStaleTable(exception.sqlState) && !work.isRefreshed) {
      planner.forget()
      work.batch = null
      work.isRefreshed = true
      return
    }
    if (!refused.areTolerated) throw await this.#blamed(work, exception)
    if (group !== null && concernsWholeStatement(exception.sqlState)) return this.#leaveOut(work, new Set(group.records), exception, null)
    if (work.records.length === 1) return this.#leaveOut(work, new Set(work.records), exception, await this.#columnOf(exception, group))
    const middle = Math.ceil(work.records.length / 2)
    const halves = [work.records.slice(0, middle), work.records.slice(middle)]
    this.#replace(
      work,
      halves.map((records) => workOf(records)),
    )
  }

  /** The column whose value is at fault, also where the server does not say. */
  async #columnOf(exception: SqlException, group: RowGroup | null): Promise<string | null> {
    const { column, constraint, sqlState } = exception
    if (column !== null || group === null) return column
    if (constraint !== null) return columnsOfConstraint(await this.#parts.session.connection(), group, constraint)
    return sqlState.startsWith('22') ? columnAtFault(await this.#parts.session.connection(), group) : null
  }

  #leaveOut(work: Work, bad: ReadonlySet<SinkRecord>, exception: SqlException, column: string | null): void {
    const { refused, redacts } = this.#parts
    const error = redacts ? exception.redacted() : exception.withDetails(column)
    const left = work.records.filter((record) => !bad.has(record))
    this.#replace(work, left.length === 0 ? [] : [workOf(left)])
    for (const record of bad) refused.refuse(record, error)
  }

  #replace(work: Work, by: readonly Work[]): void {
    for (const part of by) part.isRefreshed = work.isRefreshed
    this.#work.splice(0, 1, ...by)
  }

  /** The error that fails the task, with the record that is at fault. Nothing of the batch is written. */
  async #blamed(work: Work, exception: SqlException): Promise<ConnectException> {
    const { session, builder, redacts } = this.#parts
    const culprit = await culpritOf(work.records, async (records) => {
      const connection: PgConnection = await session.connection()
      await runBatch(connection, await builder.build(connection, records), { ending: 'rollback' })
    })
    const fault = culprit?.exception ?? exception
    const shown = redacts ? fault.redacted() : fault
    const place = culprit === null ? '' : ` The record at ${placeOf(culprit.record)} cannot be written:`
    return new ConnectException(`Writing failed.${place} ${shown.message} (SQLSTATE ${shown.sqlState})`, { cause: shown })
  }
}

function workOf(records: readonly SinkRecord[], batch: WriteBatch | null = null): Work {
  return { records, batch, quickRetries: 0, isRefreshed: false }
}
