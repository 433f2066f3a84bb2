import type { ResultColumn, SqlText } from './connection.ts'

/** Rows of one page, as the server wrote them. They are the reader's: it may change them. */
export type Rows = SqlText[][]

/** A result read page by page inside a read-only transaction. Errors are SqlExceptions; after one the stream is of no more use. */
export interface RowStream {
  /** Known with the first page. */
  readonly columns: readonly ResultColumn[]
  /** Whether `next` has no more rows. */
  readonly isAtEnd: boolean
  /** The next rows; null: there are no more. */
  next(): Promise<Rows | null>
  /** Makes an end before the last row. */
  skipRest(): void
  /** Ends the transaction. */
  close(): Promise<void>
}
