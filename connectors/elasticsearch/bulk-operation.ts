import type { SinkRecord } from 'standpipe/api'

/** What a bulk request can do with one document. `create` is for data streams, which take nothing else. */
export type BulkAction = 'index' | 'create' | 'update' | 'delete'

/**
 * One operation of a bulk request, made from one record by `OperationFactory`. Immutable; its bytes are not its own:
 * whoever keeps an operation beyond the `put` it came with copies `source` first, which writing it into a bulk body does.
 */
export interface BulkOperation {
  readonly record: SinkRecord
  readonly action: BulkAction
  /** Index, alias or data stream. */
  readonly index: string
  /** Null: the server makes one. */
  readonly id: string | null
  /** External version (`"version_type":"external"`), a decimal number up to 2^53 or all its digits in a bigint; null: none. */
  readonly version: number | bigint | null
  /** Of an `update`: `"retry_on_conflict"`; null for the other actions. */
  readonly retryOnConflict: number | null
  /**
   * The document as JSON text in one line: bytes when they are those that came from Kafka, else a string to be written as UTF-8.
   * Null for `delete`. An `update` wraps it: `{"doc":SOURCE,"doc_as_upsert":true}`.
   */
  readonly source: Buffer | string | null
}
