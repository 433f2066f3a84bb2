import type { PgConnection } from '../../dialect/connection.ts'
import { SqlException } from '../../dialect/sql-exception.ts'
import type { RowGroup } from './row-group.ts'
import type { Statement, WriteBatch } from './write-batch.ts'

/** A statement of a batch failed; the transaction is rolled back. */
export class StatementFault extends Error {
  readonly exception: SqlException
  /** The rows it was about; null: it was the commit. */
  readonly group: RowGroup | null

  constructor(exception: SqlException, group: RowGroup | null) {
    super(exception.message, { cause: exception })
    this.exception = exception
    this.group = group
  }
}

/** What happens to the transaction in the end. */
export type Ending = 'commit' | 'rollback'

/** Runs a batch as one transaction, a single statement as it is. @throws StatementFault @throws SqlException without a connection */
export async function runBatch(connection: PgConnection, batch: WriteBatch, ending: Ending = 'commit'): Promise<void> {
  const statements = batch.statements()
  const first = statements.next()
  if (first.done === true) return
  const second = statements.next()
  if (second.done === true && ending === 'commit') return run(connection, first.value)
  await transaction(connection, [first.value, ...(second.done === true ? [] : [second.value])], statements, ending)
}

async function transaction(
  connection: PgConnection,
  first: readonly Statement[],
  rest: Iterable<Statement>,
  ending: Ending,
): Promise<void> {
  await connection.query('BEGIN')
  try {
    for (const statement of first) await run(connection, statement)
    for (const statement of rest) await run(connection, statement)
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

async function run(connection: PgConnection, { sql, values, group }: Statement): Promise<void> {
  try {
    await connection.queryPrepared(sql, values)
  } catch (error) {
    throw error instanceof SqlException ? new StatementFault(error, group) : error
  }
}
