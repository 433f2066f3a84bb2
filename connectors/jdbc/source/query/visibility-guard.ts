import type { PgConnection } from '../../dialect/connection.ts'

/**
 * What may be read without skipping rows of transactions that are under way. A row written by a transaction below `horizon` is settled:
 * that one was over before any transaction under way may have taken a number from a sequence.
 * Times that rows get from `now()` are those of the start of their transaction: none under way is older than `oldestStartMs`.
 */
export interface Visibility {
  /** A 64-bit transaction number. 0: nothing is settled. */
  readonly horizon: bigint
  /** Epoch milliseconds, rounded down; the server's time where no transaction is under way. */
  readonly oldestStartMs: number
  /** Sessions whose state this role may not see: their transactions are known while a statement is running, and once they have written. */
  readonly hidden: number
  /** Transactions that are not waited for any more. */
  readonly overdue: number
  /** The server follows another one, whose sessions it does not know: only of what has been written it knows whose it is. */
  readonly isStandby: boolean
}

/**
 * Sessions of the same application_name are tasks of this connector, which only read, and do not count. Those that are overdue do not
 * count either; since snapshots of others are held back by them, then the starts of transactions count in their place.
 * PostgreSQL hides kind, state and start of other roles' sessions, and shows their transactions' numbers: those are waited for without
 * end. One without a role is a process of the server's own, such as autovacuum.
 * A standby's own sessions only read; of its snapshots the transactions under way are not to be had, only the first of them.
 */
const visibilitySql = `WITH s AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot),
sessions AS MATERIALIZED (
  SELECT a.backend_xid, a.backend_xmin, a.xact_start, a.backend_type IS NULL AS is_hidden, coalesce($1 > 0 AND a.xact_start < clock_timestamp() - $1::int8 * interval '1 millisecond', false) AS is_overdue
  FROM pg_catalog.pg_stat_activity a
  WHERE NOT pg_is_in_recovery() AND a.datname = current_database() AND a.pid <> pg_backend_pid()
    AND (a.backend_type IN ('client backend', 'parallel worker') OR a.backend_type IS NULL AND a.usesysid IS NOT NULL)
    AND (a.application_name <> current_setting('application_name') OR a.application_name = '')
  UNION ALL SELECT p.transaction, NULL, p.prepared, false, $1 > 0 AND p.prepared < clock_timestamp() - $1::int8 * interval '1 millisecond'
  FROM pg_catalog.pg_prepared_xacts p WHERE NOT pg_is_in_recovery() AND p.database = current_database()),
overdue AS MATERIALIZED (SELECT count(*) AS count, array_agg(backend_xid::text::int8) AS transactions FROM sessions WHERE is_overdue AND backend_xid IS NOT NULL),
others AS MATERIALIZED (SELECT * FROM sessions WHERE NOT is_overdue),
now AS MATERIALIZED (
  SELECT pg_snapshot_xmax(snapshot)::text::int8 AS xmax, CASE WHEN pg_is_in_recovery() THEN pg_snapshot_xmin(snapshot)::text::int8 ELSE coalesce(
    (SELECT min(x::text::int8) FROM pg_snapshot_xip(snapshot) x, overdue WHERE (x::text::int8 & 4294967295) <> ALL (coalesce(transactions, '{}'))),
    pg_snapshot_xmax(snapshot)::text::int8) END AS xmin
  FROM s)
SELECT now.xmin,
  least(now.xmin, (SELECT min(now.xmax - ((now.xmax - backend_xmin::text::int8) & 4294967295)) FROM others WHERE overdue.count = 0)),
  (SELECT floor(extract(epoch FROM min(xact_start)) * 1000000)::int8 FROM others WHERE backend_xid IS NOT NULL OR overdue.count > 0),
  floor(extract(epoch FROM least(CURRENT_TIMESTAMP, (SELECT min(xact_start) FROM others))) * 1000)::int8,
  (SELECT count(*) FROM others WHERE is_hidden), ceil(extract(epoch FROM clock_timestamp()) * 1000000)::int8, overdue.count, pg_is_in_recovery()
FROM now, overdue`

/** Transactions below `xmin` were over at that time, in epoch microseconds of the server. */
interface Sight {
  readonly atMicros: number
  readonly xmin: bigint
}

const mostSights = 4096

/**
 * Finds the horizon before each read, in a statement of its own: what starts after it gets higher numbers than all that is settled.
 *
 * A transaction takes a number from a sequence first and its own number a moment later, so another one with a higher number of the
 * sequence may have a lower number of its own. While a statement is running, the snapshot it was begun with (`backend_xmin`) tells what was
 * over by then. Once it has ended, the start of its transaction does: what earlier guards saw as over before that start is settled.
 */
export class VisibilityGuard {
  readonly #maxWaitMs: number
  #sights: Sight[] = []

  /** @param maxWaitMs for one transaction; 0: as long as it takes */
  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs
  }

  /** Outside of a transaction. */
  async look(connection: PgConnection): Promise<Visibility> {
    const { rows } = await connection.query(visibilitySql, [String(this.#maxWaitMs)])
    const [xmin, horizon, oldestWriter, oldestStart, hidden, now, overdue, isStandby] = (rows[0] ?? []).map((text) => text ?? '')
    const limit = BigInt(horizon ?? 0)
    const settled = oldestWriter === '' ? limit : this.#overBefore(Number(oldestWriter))
    this.#remember({ atMicros: Number(now), xmin: BigInt(xmin ?? 0) })
    return {
      horizon: settled < limit ? settled : limit,
      oldestStartMs: Number(oldestStart),
      hidden: Number(hidden),
      overdue: Number(overdue),
      isStandby: isStandby === 't',
    }
  }

  #overBefore(startMicros: number): bigint {
    return this.#sights.findLast(({ atMicros }) => atMicros < startMicros)?.xmin ?? 0n
  }

  #remember(sight: Sight): void {
    this.#sights.push(sight)
    if (this.#sights.length > mostSights) this.#sights = this.#sights.filter((_, index) => index % 2 === 0)
  }
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
