/**
 * What a SQLSTATE says about who is at fault.
 * record: the data, or the structure of the table it is for; tolerance and the dead letter queue apply.
 * system: the server cannot just now, or the connection is gone; wait and try again, nothing is lost.
 * bug: configuration or privileges; the task fails and says so.
 */
export type SqlFaultKind = 'record' | 'system' | 'bug'

/** Whole states first, then classes (their first two characters). https://www.postgresql.org/docs/current/errcodes-appendix.html */
const kinds: ReadonlyMap<string, SqlFaultKind> = new Map<string, SqlFaultKind>([
  ['08', 'system'], // connection
  ['08P01', 'bug'], // protocol violation
  ['21', 'record'], // one row named twice in a statement
  ['22', 'record'], // data: out of range, too long, no such text
  ['23', 'record'], // constraints
  ['25006', 'system'], // read only: after a failover the old primary is
  ['25P03', 'system'], // idle in transaction for too long
  ['25P04', 'system'], // transaction timeout
  ['26000', 'system'], // the prepared statement is not there: a pool gave another session
  ['27', 'record'], // triggered data change
  ['2F', 'record'], // SQL routine
  ['38', 'record'], // external routine
  ['39', 'record'], // external routine
  ['3F', 'record'], // no such schema
  ['40', 'system'], // serialization, deadlock
  ['40002', 'record'], // a deferred constraint at commit
  ['42', 'record'], // no such table or column, wrong type
  ['42501', 'bug'], // privileges
  ['42P05', 'system'], // the prepared statement is there already: as 26000
  ['44', 'record'], // WITH CHECK OPTION
  ['0A', 'record'], // not supported, such as inserting into that view
  ['53', 'system'], // out of disk, memory, connections
  ['54', 'record'], // a limit of the program: row or index entry too large
  ['55', 'record'], // object not in the state for this, such as a view without trigger
  ['55006', 'system'], // object in use
  ['55P03', 'system'], // lock not available
  ['57014', 'system'], // cancelled, or statement timeout
  ['57P01', 'system'], // the administrator ends the session
  ['57P02', 'system'], // crash of another session
  ['57P03', 'system'], // starting up or shutting down
  ['57P05', 'system'], // idle for too long
  ['58', 'system'], // input and output of the server
  ['HV', 'system'], // foreign servers
  ['P0', 'record'], // raised by a function or trigger
  ['XX', 'system'], // internal
])

export function kindOfSqlState(sqlState: string): SqlFaultKind {
  return kinds.get(sqlState) ?? kinds.get(sqlState.slice(0, 2)) ?? 'bug'
}

/** Whether what we know of a table may have been overtaken by a change of it: look again, once, before anybody is blamed. */
export function isStaleTable(sqlState: string): boolean {
  return staleTable.has(sqlState)
}

const staleTable: ReadonlySet<string> = new Set(['42703', '42P01', '42P10', '42804', '42704', '42883', '0A000', '428C9', '3F000'])

/** Whether the statement is refused whatever its rows are, so that there is no single row to be found. */
export function concernsWholeStatement(sqlState: string): boolean {
  return ['42', '0A', '3F', '55'].includes(sqlState.slice(0, 2))
}

/** The states that a pool between us and the server causes, when it gives a transaction another session than the one before. */
export function isLostStatement(sqlState: string): boolean {
  return sqlState === '26000' || sqlState === '42P05'
}
