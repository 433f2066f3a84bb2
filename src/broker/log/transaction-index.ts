import { writeInt64 } from '../../kafka/record/batch-format.ts'
import { int64 } from './batch-view.ts'
import type { LogFile } from './storage/log-storage.ts'

const ENTRY_BYTES = 34

/** A transaction whose records do not count. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the abort marker. */
  readonly lastOffset: number
  /** The last stable offset when the marker was written: behind it, no earlier transaction could still be aborted. */
  readonly lastStableOffset: number
}

/** Transactions whose abort marker is in the segment, in the order of the markers. Kafka's `.txnindex` file; few have one. */
export class TransactionIndex {
  readonly #file: LogFile
  #transactions: AbortedTransaction[] | null = null

  constructor(file: LogFile) {
    this.#file = file
  }

  get transactions(): readonly AbortedTransaction[] {
    return (this.#transactions ??= read(this.#file))
  }

  add(transaction: AbortedTransaction): void {
    const known = (this.#transactions ??= read(this.#file))
    this.#file.truncate(known.length * ENTRY_BYTES)
    this.#file.append(encode(transaction))
    known.push(transaction)
  }

  /** Drops transactions whose marker is at this offset or behind. */
  truncateAt(offset: number): void {
    const kept = this.transactions.filter(({ lastOffset }) => lastOffset < offset)
    this.#file.truncate(kept.length * ENTRY_BYTES)
    this.#transactions = kept
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  close(): void {
    this.#file.close()
  }
}

function read(file: LogFile): AbortedTransaction[] {
  const bytes = Buffer.alloc(file.sizeBytes)
  file.read(bytes, 0)
  const transactions: AbortedTransaction[] = []
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const [producerId, firstOffset, lastOffset] = [int64(bytes, at + 2), int64(bytes, at + 10), int64(bytes, at + 18)]
    transactions.push({ producerId, firstOffset, lastOffset, lastStableOffset: int64(bytes, at + 26) })
  }
  return transactions
}

/** A version, which is 0, and four numbers. */
function encode({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedTransaction): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES)
  writeInt64(entry, 2, producerId)
  writeInt64(entry, 10, firstOffset)
  writeInt64(entry, 18, lastOffset)
  writeInt64(entry, 26, lastStableOffset)
  return entry
}
