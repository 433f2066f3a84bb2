import type { SourceRecord, TransactionContext } from '../api/source.ts'

/** How a transaction ends. */
export type TransactionEnd = 'commit' | 'abort'

/** Says where the transactions of a source task end: `transaction.boundary`. Apache Kafka 4.3, ExactlyOnceWorkerSourceTask. */
export interface TransactionBoundary {
  /** Null: the task has no say. */
  readonly transactionContext: TransactionContext | null
  /** Asked behind each record; null: need not be asked. @returns null: the transaction goes on */
  readonly afterRecord: ((record: SourceRecord) => TransactionEnd | null) | null
  /** Asked behind everything that one poll returned, nothing included. */
  afterBatch(): TransactionEnd | null
  /**
   * Asked when the task is paused and when it stops, behind a whole batch.
   * @returns null: what is open is not the worker's to end. A pause leaves it open, until Kafka aborts it after `transaction.timeout.ms`; a stop aborts it
   */
  atRest(): TransactionEnd | null
}

/** `poll`: one transaction for what each poll returns. */
export const pollBoundary: TransactionBoundary = {
  transactionContext: null,
  afterRecord: null,
  afterBatch: () => 'commit',
  atRest: () => 'commit',
}

/** `interval`: a commit when so much time has passed since the last one, behind a whole batch. */
export class IntervalBoundary implements TransactionBoundary {
  readonly transactionContext = null
  readonly afterRecord = null
  readonly #intervalMs: number
  readonly #now: () => number
  #lastCommit: number

  /** @param now as `performance.now` */
  constructor(intervalMs: number, now: () => number = () => performance.now()) {
    this.#intervalMs = intervalMs
    this.#now = now
    this.#lastCommit = now()
  }

  afterBatch(): TransactionEnd | null {
    const now = this.#now()
    if (now - this.#lastCommit < this.#intervalMs) return null
    this.#lastCommit = now
    return 'commit'
  }

  atRest(): TransactionEnd {
    return 'commit'
  }
}

/**
 * `connector`: the task says, and nobody else: what it has not ended is part of something that it may yet take back. So a pause leaves it open,
 * and what it never commits is aborted, and read again, when it stops.
 */
export class ConnectorBoundary implements TransactionBoundary, TransactionContext {
  readonly transactionContext = this
  readonly #ends = new Map<SourceRecord, TransactionEnd>()
  #batchEnd: TransactionEnd | null = null

  commitTransaction(last?: SourceRecord): void {
    this.#request('commit', last)
  }

  abortTransaction(last?: SourceRecord): void {
    this.#request('abort', last)
  }

  readonly afterRecord = (record: SourceRecord): TransactionEnd | null => {
    const end = this.#ends.get(record)
    if (end === undefined) return null
    this.#ends.delete(record)
    return end
  }

  afterBatch(): TransactionEnd | null {
    const end = this.#batchEnd
    this.#batchEnd = null
    this.#ends.clear()
    return end
  }

  /** What the task has asked for since the last batch. */
  atRest(): TransactionEnd | null {
    return this.afterBatch()
  }

  #request(end: TransactionEnd, last: SourceRecord | undefined): void {
    const other = last === undefined ? this.#batchEnd : (this.#ends.get(last) ?? null)
    if (other !== null && other !== end)
      throw new Error(`The task asked to ${other} this transaction already: it cannot ask to ${end} it too`)
    if (last === undefined) this.#batchEnd = end
    else this.#ends.set(last, end)
  }
}
