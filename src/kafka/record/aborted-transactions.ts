import type { BatchHeader } from './batch-header.ts'
import { RecordScanner } from './record-scanner.ts'

/** One entry of a fetch response: what this producer wrote from `firstOffset` up to its next abort marker does not count. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

const ABORT = 0

/**
 * Tells the batches of aborted transactions, for read_committed. Shown every batch of a partition's response in order.
 * A response lists all transactions that concern it, so that nothing is kept from one response to the next
 * (Apache Kafka 4.3, CompletedFetch#nextFetchedRecord).
 */
export class AbortedTransactions {
  /** By first offset, the earliest last. */
  readonly #ahead: AbortedTransaction[]
  readonly #aborting = new Set<number>()

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#ahead = [...transactions].sort((a, b) => b.firstOffset - a.firstOffset)
  }

  /** @param bytes the response, whose control batches are never compressed */
  isAborted(batch: BatchHeader, bytes: Buffer): boolean {
    if (batch.producerId < 0) return false
    this.#startThoseUpTo(batch.lastOffset)
    if (batch.isControl && isAbortMarker(batch, bytes)) this.#aborting.delete(batch.producerId)
    return batch.isTransactional && this.#aborting.has(batch.producerId)
  }

  #startThoseUpTo(offset: number): void {
    for (let next = this.#ahead.at(-1); next !== undefined && next.firstOffset <= offset; next = this.#ahead.at(-1)) {
      this.#aborting.add(next.producerId)
      this.#ahead.pop()
    }
  }
}

/** A marker's key is a version and a type, both int16. */
function isAbortMarker(batch: BatchHeader, bytes: Buffer): boolean {
  if (batch.recordCount < 1) return false
  const scanner = new RecordScanner()
  scanner.reset(bytes, batch.recordsStart, batch.end)
  scanner.next()
  return scanner.keyLength >= 4 && bytes.readInt16BE(scanner.keyStart + 2) === ABORT
}
