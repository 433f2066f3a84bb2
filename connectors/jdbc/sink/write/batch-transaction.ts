import type { PgConnection } from '../../dialect/connection.ts'
import { SqlException } from '../../dialect/sql-exception.ts'
import type { OffsetLedger } from './offset-ledger.ts'
import type { RowGroup } from './row-group.ts'
import type { Statement, WriteBatch } from './write-batch.ts'

/** A statement of a batch failed; the transaction is rolled back. */
export class StatementFault extends Error {
  readonly exception: SqlException
  /** The rows it was about; null: it was the commit. */
  readonly group: RowGroup | null
  readonly isCopy: boolean

  constructor(exception: SqlException, group: RowGroup | null, isCopy = false) {
    super(exception.message, { cause: exception })
    this.exception = exception
    this.group = group
    this.isCopy = isCopy
  }
}

/** What happens to the transaction in the end. */
export type Ending = 'commit' | 'rollback'

/** How a batch is run. */
export interface RunOptions {
  /** Default: commit. */
  readonly ending?: Ending
  /** Offsets that are written with the rows; absent or null: none. */
  readonly ledger?: OffsetLedger | null
}

/**
 * Runs a batch as one transaction, a single statement as it is.
 * @throws StatementFault @throws SqlException without a connection @throws ConnectException when another task owns a partition
 */
export async function runBatch(
  connection: PgConnection,
  batch: WriteBatch,
  { ending = 'commit', ledger = null }: RunOptions = {},
): Promise<void> {
  const statements = batch.statements()
  const first = statements.next()
  if (first.done === true) return
  const second = statements.next()
  if (second.done === true && ending === 'commit' && ledger === null) return run(connection, first.value)
  await transaction(connection, ending, async () => {
    await ledger?.advance(connection, batch.records)
    await run(connection, first.value)
    if (second.done !== true) await run(connection, second.value)
    for (const statement of statements) await run(connection, statement)
  })
  if (ending === 'commit') ledger?.advanced(batch.records)
}

async function transaction(connection: PgConnection, ending: Ending, statements: () => Promise<void>): Promise<void> {
  await connection.query('BEGIN')
  try {
    await statements()
  } catch (error) {
    if (connection.lost === null) await connection.query('ROLLBACK')
    throw error
  }
  await end(connection, ending)
}

async function end(connection: PgConnection, ending: Ending): Promise<void> {
  try {
    await connection.query(ending === 'commit' ? 'COMMIT' : 'ROLLBACK')
  } catch (error) {
    throw error instanceof SqlException ? new StatementFault(error, null) : error
  }
}

async function run(connection: PgConnection, { sql, values, copied, group }: Statement): Promise<void> {
  try {
    if (copied === null) await connection.queryPrepared(sql, values)
    else await connection.copyIn(sql, copied)
  } catch (error) {
    throw error instanceof SqlException ? new StatementFault(error, group, copied !== null) : error
  }
}
