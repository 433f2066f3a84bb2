import type { PgConnection, ResultColumn, SqlResult, SqlText } from './connection.ts'
import type { Rows, RowStream } from './row-stream.ts'

const name = 'standpipe_rows'

/**
 * A result read page by page inside a read-only transaction, so that memory holds two pages at most: the one given out and the one
 * fetched meanwhile. One at a time on a connection. Errors are SqlExceptions; after one the cursor is of no more use, call `close`.
 */
export class PgCursor implements RowStream {
  readonly #connection: PgConnection
  readonly #pageRows: number
  #page: Promise<SqlResult> | null
  #columns: readonly ResultColumn[] = []

  private constructor(connection: PgConnection, pageRows: number) {
    this.#connection = connection
    this.#pageRows = pageRows
    this.#page = null
  }

  /** Inside a transaction that has begun. @param values texts, one a `$n` */
  static async open(connection: PgConnection, sql: string, values: readonly SqlText[], pageRows: number): Promise<PgCursor> {
    const cursor = new PgCursor(connection, pageRows)
    await connection.query(`DECLARE ${name} NO SCROLL CURSOR FOR ${sql}`, values)
    cursor.#page = cursor.#fetch()
    return cursor
  }

  get columns(): readonly ResultColumn[] {
    return this.#columns
  }

  async next(): Promise<Rows | null> {
    if (this.#page === null) return null
    const { rows, columns } = await this.#page
    this.#columns = columns
    this.#page = rows.length < this.#pageRows ? null : this.#fetch()
    return rows.length === 0 ? null : rows
  }

  get isAtEnd(): boolean {
    return this.#page === null
  }

  skipRest(): void {
    this.#page = null
  }

  async close(): Promise<void> {
    this.#page = null
    if (this.#connection.lost === null) await this.#connection.query('ROLLBACK')
  }

  #fetch(): Promise<SqlResult> {
    const page = this.#connection.query(`FETCH ${this.#pageRows} FROM ${name}`)
    page.catch(() => null) // told by `next`, or of no interest once the cursor is closed
    return page
  }
}
