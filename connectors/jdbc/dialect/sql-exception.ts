import { ConnectException } from 'standpipe/api'
import { DatabaseError } from 'pg'
import { kindOfSqlState, type SqlFaultKind } from './sqlstate.ts'

/** What a database said, or what became of the connection to it. Its text is that of pgjdbc, which tools may match. */
export class SqlException extends ConnectException {
  static override readonly javaName: string = 'java.sql.SQLException'
  /** Five characters; those of class 08 also where there was no server to give one. */
  readonly sqlState: string
  readonly constraint: string | null
  readonly column: string | null
  readonly table: string | null

  constructor(message: string, sqlState: string, parts: Partial<Pick<SqlException, 'constraint' | 'column' | 'table'>> = {}) {
    super(message)
    this.sqlState = sqlState
    this.constraint = parts.constraint ?? null
    this.column = parts.column ?? null
    this.table = parts.table ?? null
  }

  get kind(): SqlFaultKind {
    return kindOfSqlState(this.sqlState)
  }

  /** The same with what the server says besides its words, in the text: for reports, which carry nothing else. */
  withDetails(column: string | null = this.column): SqlException {
    const { sqlState, table, constraint } = this
    const details = Object.entries({ table, column, constraint }).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]))
    return new SqlException(`${this.message} (${[`SQLSTATE ${sqlState}`, ...details].join(', ')})`, sqlState, { table, column, constraint })
  }

  /** The same without values of records: `trim.sensitive.log`. */
  redacted(): SqlException {
    return new SqlException(
      `<redacted> [class=org.postgresql.util.PSQLException; SQLState=${this.sqlState}; errorCode=0]`,
      this.sqlState,
      this,
    )
  }
}

/** Of Node's errors of sockets and look-ups: nobody answers. */
const unreachable: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])

/** An error of `pg` as ours. @param address what it was connected to, host and port */
export function sqlExceptionOf(error: unknown, address: string): SqlException {
  if (error instanceof SqlException) return error
  if (error instanceof DatabaseError) return ofServer(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  if (code === 'ECONNREFUSED') return new SqlException(refusedText(address), '08001')
  const message = error instanceof Error ? error.message : String(error)
  const state = code !== null && unreachable.has(code) ? '08001' : '08006'
  return new SqlException(`The connection attempt failed or the connection to ${address} was lost: ${message}`, state)
}

function refusedText(address: string): string {
  return `Connection to ${address} refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.`
}

function ofServer(error: DatabaseError): SqlException {
  const parts = { constraint: error.constraint ?? null, column: error.column ?? null, table: error.table ?? null }
  return new SqlException(serverText(error), error.code ?? 'XX000', parts)
}

/** As pgjdbc's ServerErrorMessage#toString. */
function serverText(error: DatabaseError): string {
  const lines = [`${error.severity ?? 'ERROR'}: ${error.message}`]
  const further = { Detail: error.detail, Hint: error.hint, Position: error.position, Where: error.where }
  for (const [title, text] of Object.entries(further)) if (text !== undefined) lines.push(`  ${title}: ${text}`)
  return lines.join('\n')
}
