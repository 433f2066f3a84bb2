/**
 * What the server's transactions see now, as text. Inside a transaction whose statements all see the same. Null: on a standby, whose
 * snapshots do not name the transactions under way.
 */
export const snapshotSql = 'SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_snapshot()::text END'

/**
 * Rows among the last numbers before a position that were not to be seen yet when the position was taken: those of transactions that
 * had taken their number before it and committed after it. Marks: the position twice, the count of numbers, the snapshot taken with the position.
 * Rows keep 32 bits of their transaction's number; it is the last one with these bits before the next number.
 * @param id the column of the numbers @param table its name, as SQL has it
 */
export function lateRowsSql(from: string, table: string, id: string): string {
  const next = '(SELECT pg_snapshot_xmax(pg_current_snapshot())::text::int8)'
  const transaction = `(${next} - ((${next} - ${table}.xmin::text::int8) & 4294967295))::text::xid8`
  return `${from} WHERE ${id} <= ?::int8 AND ${id} > ?::int8 - ?::int8 AND NOT pg_visible_in_snapshot(${transaction}, ?::pg_snapshot) ORDER BY ${id} ASC`
}
