import { ConnectException, Password, type ConfigValue, type Logger, type Props } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import { parseJdbcUrl } from '../../dialect/jdbc-url.ts'
import { SqlException } from '../../dialect/sql-exception.ts'
import { boundStatement } from '../query/criteria.ts'
import { withoutSemicolon } from '../query/query-text.ts'
import { SourceSession } from '../session.ts'
import type { SourceFamily } from './definitions.ts'
import { connectionOf, readQuoting } from './settings.ts'

const quiet: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

/** Tries the connection, and with Confluent's class the query where there is one. What is wrong with the connection is an error of the URL, as in Confluent's connector. */
export async function validateWithServer(
  values: readonly ConfigValue[],
  props: Props,
  family: SourceFamily,
): Promise<readonly ConfigValue[]> {
  const byName = new Map(values.map((value) => [value.name, value]))
  const url = byName.get('connection.url')
  if (url === undefined || values.some(({ name, errorMessages }) => isOfConnection(name) && errorMessages.length > 0)) return values
  const stopped = new AbortController()
  try {
    const session = sessionOf(byName, props, family, stopped.signal)
    try {
      const connection = await session.connect()
      if (family === 'confluent') await checkQuery(connection, byName)
    } finally {
      await session.close()
    }
  } catch (error) {
    if (!(error instanceof ConnectException)) throw error
    const shown = error.cause instanceof SqlException ? error.cause : error
    url.addError(`Could not connect to database. ${shown.message}`)
  }
  return values
}

function sessionOf(byName: ReadonlyMap<string, ConfigValue>, props: Props, family: SourceFamily, signal: AbortSignal): SourceSession {
  const value = (key: string) => byName.get(key)?.value
  const url = String(value('connection.url') ?? '')
  if (!url.startsWith('jdbc:')) throw new ConnectException(`Not a valid JDBC URL: ${url}`)
  if (url.startsWith('jdbc:postgresql:') && parseJdbcUrl(url) === null) throw new ConnectException(`Not a valid JDBC URL: ${url}`)
  const quoting = value('quote.sql.identifiers')
  if (typeof quoting === 'string') readQuoting(quoting)
  const [user, password] = [value('connection.user'), value('connection.password')]
  const settings = {
    connection: connectionOf(props, family, typeof user === 'string' ? user : null, password instanceof Password ? password : null),
    connectionAttempts: Object.hasOwn(props, 'connection.attempts') ? Math.max(1, Number(value('connection.attempts'))) : 1,
    endsWithAttempts: true,
    connectionBackoffMs: Math.max(0, Number(value('connection.backoff.ms') ?? 0)),
  }
  return new SourceSession(settings, quiet, signal)
}

/** Planned only: no row is read. */
async function checkQuery(connection: PgConnection, byName: ReadonlyMap<string, ConfigValue>): Promise<void> {
  for (const key of ['query', 'query.masked']) {
    const result = byName.get(key)
    const value = result?.value
    const query = value instanceof Password ? value.value() : value
    if (result === undefined || typeof query !== 'string' || query === '' || result.errorMessages.length > 0) continue
    try {
      const { text, marks } = boundStatement(withoutSemicolon(query), [])
      if (marks === 0) await connection.query(`EXPLAIN ${text}`)
    } catch (error) {
      if (!(error instanceof SqlException)) throw error
      result.addError(
        `The configured query is not valid and has database/connection errors. Please provide the correct query by validating the query syntax and the existing table/column names with the database being connected (SQLState: ${error.sqlState})`,
      )
    }
  }
}

function isOfConnection(name: string): boolean {
  return name.startsWith('connection.') || name === 'dialect.name'
}
