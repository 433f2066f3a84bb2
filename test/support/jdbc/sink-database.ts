import type { PostgresqlServer } from '../services/postgresql.ts'
import { newDatabase } from '../services/postgresql-suite.ts'
import { SinkHarness, type HarnessOptions } from './sink-harness.ts'

/** A database for the current test, and sinks that write to it. */
export class SinkDatabase {
  readonly name: string
  readonly server: PostgresqlServer

  private constructor(server: PostgresqlServer, name: string) {
    this.server = server
    this.name = name
  }

  static async create(server: PostgresqlServer, ...setup: readonly string[]): Promise<SinkDatabase> {
    const database = new SinkDatabase(server, await newDatabase(server))
    for (const sql of setup) await database.query(sql)
    return database
  }

  /** JDBC URL. @param parameters such as `?currentSchema=app` */
  url(parameters = ''): string {
    return this.server.jdbcUrl(this.name) + parameters
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<(string | null)[][]> {
    return this.server.query(this.name, sql, values)
  }

  /** Columns of a table as `name type` with ` not null` and ` default …`. */
  async columns(table: string): Promise<string[]> {
    const sql = `SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
      || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`
    return (await this.query(sql, [table])).map(([text]) => text!)
  }

  sink(props: Record<string, string> = {}, options: HarnessOptions = {}): SinkHarness {
    const user = options.family === 'debezium' ? 'connection.username' : 'connection.user'
    const tolerance: Record<string, string> = options.reporter === 'takes all' ? { 'errors.tolerance': 'all' } : {}
    return SinkHarness.start(
      { name: 'c', topics: 'orders', 'connection.url': this.url(), [user]: 'postgres', ...tolerance, ...props },
      options,
    )
  }
}
