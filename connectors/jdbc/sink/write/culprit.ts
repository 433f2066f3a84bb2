import type { SinkRecord } from 'standpipe/api'
import type { SqlException } from '../../dialect/sql-exception.ts'
import { StatementFault } from './batch-transaction.ts'

export interface Culprit {
  readonly record: SinkRecord
  readonly exception: SqlException
}

/**
 * The first record without which the ones before it would be written: the shortest beginning of the batch that fails ends with it.
 * @param attempt writes and takes back; throws a StatementFault when the records cannot be written
 * @returns null: now all of them can be
 */
export async function culpritOf(
  records: readonly SinkRecord[],
  attempt: (records: readonly SinkRecord[]) => Promise<void>,
): Promise<Culprit | null> {
  let passes = 0
  let fails = records.length
  let fault = await faultOf(records, attempt)
  if (fault === null) return null
  while (fails - passes > 1) {
    const middle = Math.floor((passes + fails) / 2)
    const found = await faultOf(records.slice(0, middle), attempt)
    if (found === null) passes = middle
    else [fails, fault] = [middle, found]
  }
  const record = records[fails - 1]
  return record === undefined ? null : { record, exception: fault }
}

async function faultOf(
  records: readonly SinkRecord[],
  attempt: (records: readonly SinkRecord[]) => Promise<void>,
): Promise<SqlException | null> {
  try {
    await attempt(records)
    return null
  } catch (error) {
    if (error instanceof StatementFault && error.exception.kind === 'record') return error.exception
    throw error
  }
}
