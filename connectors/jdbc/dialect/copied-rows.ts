import type { PgConnection, ResultColumn } from './connection.ts'
import { CopyOut, type CopyBuffer } from './copy-out.ts'
import type { Rows, RowStream } from './row-stream.ts'
import { sqlExceptionOf } from './sql-exception.ts'

/** A read that is given up is read to its end if that is so near; else a new connection is cheaper. */
const mostDrainedBytes = 8 * 1024 * 1024

/** How to read by COPY. */
export interface CopySettings extends CopyBuffer {
  /** Of one page. */
  readonly pageRows: number
}

/** The rows of a SELECT by COPY. One at a time on a connection. */
export class CopiedRows implements RowStream {
  readonly columns: readonly ResultColumn[]
  readonly #connection: PgConnection
  readonly #copy: CopyOut
  readonly #pageRows: number
  #isCutShort = false

  private constructor(connection: PgConnection, columns: readonly ResultColumn[], copy: CopyOut, pageRows: number) {
    this.#connection = connection
    this.columns = columns
    this.#copy = copy
    this.#pageRows = pageRows
  }

  /**
   * Inside a transaction that has begun.
   * @param columns of the result: COPY itself does not name them
   * @param sql a SELECT that takes no values
   */
  static async open(connection: PgConnection, columns: readonly ResultColumn[], sql: string, settings: CopySettings): Promise<CopiedRows> {
    // A limit of time is meant for a statement; this one lasts as long as somebody takes its rows.
    await connection.query("SELECT set_config('statement_timeout', '0', true)")
    return new CopiedRows(connection, columns, connection.submit(new CopyOut(`COPY (${sql}\n) TO STDOUT`, settings)), settings.pageRows)
  }

  get isAtEnd(): boolean {
    return this.#isCutShort || this.#copy.isAtEnd
  }

  async next(): Promise<Rows | null> {
    if (this.#isCutShort) return null
    try {
      const rows = await this.#copy.take(this.#pageRows)
      return rows.length === 0 ? null : rows
    } catch (error) {
      throw sqlExceptionOf(error, this.#connection.address)
    }
  }

  skipRest(): void {
    this.#isCutShort = true
  }

  async close(): Promise<void> {
    this.#isCutShort = true
    if (!(await this.#copy.drain(mostDrainedBytes))) this.#connection.destroy()
    if (this.#connection.lost === null) await this.#connection.query('ROLLBACK')
  }
}
