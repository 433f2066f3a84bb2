import type { PgConnection } from '../../dialect/connection.ts'

/**
 * What may be read without skipping rows of transactions that are under way. A row written by a transaction below `horizon` is settled:
 * every transaction that is older, or that had taken its snapshot (and so maybe a number of a sequence) before that one ended, is over.
 * Times that rows get from `now()` are those of the start of their transaction: none under way is older than `oldestStartMs`.
 *
 * Sessions of the same application_name are tasks of this connector, which only read, and do not count.
 *
 * Taken in a statement of its own before the snapshot of the read: what is under way then is above the horizon, and what starts later gets
 * higher transaction and sequence numbers.
 */
export interface Visibility {
  /** A 64-bit transaction number, as text. */
  readonly horizon: string
  /** Epoch milliseconds, rounded down; the server's time where no transaction is under way. */
  readonly oldestStartMs: number
  /** Sessions whose state this role may not see: the guard knows their transactions once they have written something only. */
  readonly hidden: number
}

const visibilitySql = `WITH s AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot),
now AS MATERIALIZED (SELECT pg_snapshot_xmin(snapshot)::text::int8 AS xmin, pg_snapshot_xmax(snapshot)::text::int8 AS xmax FROM s),
others AS MATERIALIZED (
  SELECT a.backend_xmin, a.xact_start, a.state FROM pg_catalog.pg_stat_activity a
  WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type IN ('client backend', 'parallel worker')
    AND (a.application_name <> current_setting('application_name') OR a.application_name = ''))
SELECT least(now.xmin, (SELECT min(now.xmax - ((now.xmax - backend_xmin::text::int8) & 4294967295)) FROM others)),
  floor(extract(epoch FROM least(CURRENT_TIMESTAMP, (SELECT min(xact_start) FROM others))) * 1000)::int8,
  (SELECT count(*) FROM others WHERE state IS NULL)
FROM now`

/** Outside of a transaction. */
export async function readVisibility(connection: PgConnection): Promise<Visibility> {
  const { rows } = await connection.query(visibilitySql)
  const [horizon, oldestStart, hidden] = rows[0] ?? []
  return { horizon: horizon ?? '0', oldestStartMs: Number(oldestStart ?? 0), hidden: Number(hidden ?? 0) }
}

/**
 * True for rows that are not settled. Rows keep 32 bits of their transaction's number; those that are not settled lie between the
 * horizon and the next number.
 * @param table its name or alias, as SQL has it
 */
export function unsettledExpression(table: string, { horizon }: Visibility): string {
  const distance = `((${table}.xmin::text::int8 - ${horizon}) & 4294967295)`
  return `(${distance} < (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::int8) - ${horizon})`
}
