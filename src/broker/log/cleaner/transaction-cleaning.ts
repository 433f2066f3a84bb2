import type { BatchView } from '../batch-view.ts'
import { markerOf } from '../control-batch.ts'
import type { AbortedTransaction, TransactionIndex } from '../transaction-index.ts'

/**
 * Follows transactions through a log that is cleaned: records of aborted ones go, and a marker may go when no record of its transaction is
 * left. Shown every batch in order. Apache Kafka 4.3, CleanedTransactionMetadata.
 */
export class TransactionCleaning {
  readonly #committed = new Set<number>()
  /** By producer: the aborted transaction that is passed, and whether records of it were seen. */
  readonly #aborting = new Map<number, { readonly transaction: AbortedTransaction; hasRecords: boolean }>()
  /** Aborted transactions ahead, the earliest last. */
  readonly #ahead: AbortedTransaction[] = []
  /** Takes transactions of which a marker stays. */
  cleanedIndex: TransactionIndex | null = null

  add(transactions: readonly AbortedTransaction[]): void {
    this.#ahead.push(...transactions)
    this.#ahead.sort((a, b) => b.firstOffset - a.firstOffset)
  }

  /** @param batch of records. @returns whether its transaction was aborted, so that none of it counts */
  passRecords(batch: BatchView): boolean {
    this.#startThoseUpTo(batch.lastOffset)
    if (!batch.isTransactional) return false
    const aborting = this.#aborting.get(batch.producerId)
    if (aborting !== undefined) {
      aborting.hasRecords = true
      return true
    }
    this.#committed.add(batch.producerId)
    return false
  }

  /** @param batch a whole control batch. @returns whether there are no records left that need it */
  passMarker(batch: BatchView): boolean {
    this.#startThoseUpTo(batch.lastOffset)
    const marker = markerOf(batch)
    if (marker === null) return batch.recordCount === 0
    if (marker.outcome === 'commit') return !this.#committed.delete(batch.producerId)
    const aborting = this.#aborting.get(batch.producerId)
    this.#aborting.delete(batch.producerId)
    if (aborting === undefined || !aborting.hasRecords) return true
    this.cleanedIndex?.add(aborting.transaction)
    return false
  }

  #startThoseUpTo(offset: number): void {
    for (let next = this.#ahead.at(-1); next !== undefined && next.firstOffset <= offset; next = this.#ahead.at(-1)) {
      this.#aborting.set(next.producerId, { transaction: next, hasRecords: false })
      this.#ahead.pop()
    }
  }
}
