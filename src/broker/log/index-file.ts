import type { LogFile } from './storage/log-storage.ts'

const FIRST_PENDING_BYTES = 256
/** So many entries around the last one that was looked for are kept: who reads a log from end to end asks for its neighbours next. */
const PAGE_ENTRIES = 512

/**
 * Entries of one size in a file, sorted. New ones wait in memory until `flush`, so that an append costs no write; those in the file are read
 * when they are looked for, so that an index costs no memory.
 */
export class IndexFile {
  readonly #file: LogFile
  readonly #entryBytes: number
  readonly #scratch: Buffer
  #pending = Buffer.alloc(0)
  #pendingBytes = 0
  #page: Buffer | null = null
  #pageStart = 0
  #pageEnd = 0

  constructor(file: LogFile, entryBytes: number) {
    this.#file = file
    this.#entryBytes = entryBytes
    this.#scratch = Buffer.alloc(entryBytes)
  }

  get count(): number {
    return this.#fileCount + this.#pendingBytes / this.#entryBytes
  }

  get sizeBytes(): number {
    return this.count * this.#entryBytes
  }

  /** An entry; valid until the next call. */
  entry(index: number): Buffer {
    if (index >= this.#pageStart && index < this.#pageEnd && this.#page !== null) {
      const start = (index - this.#pageStart) * this.#entryBytes
      return this.#page.subarray(start, start + this.#entryBytes)
    }
    const fileCount = this.#fileCount
    if (index < fileCount) {
      this.#file.read(this.#scratch, index * this.#entryBytes)
      return this.#scratch
    }
    const start = (index - fileCount) * this.#entryBytes
    return this.#pending.subarray(start, start + this.#entryBytes)
  }

  /** Room for a new last entry, for the caller to fill in. */
  add(): Buffer {
    const start = this.#pendingBytes
    const end = start + this.#entryBytes
    if (end > this.#pending.length) {
      const larger = Buffer.alloc(Math.max(FIRST_PENDING_BYTES, 2 * this.#pending.length, end))
      this.#pending.copy(larger, 0, 0, start)
      this.#pending = larger
    }
    this.#pendingBytes = end
    return this.#pending.subarray(start, end)
  }

  /** How many entries at the beginning are `before`; they must be sorted so. */
  countWhile(before: (entry: Buffer) => boolean): number {
    let low = 0
    let high = this.count
    if (this.#isInPage(before)) [low, high] = [this.#pageStart, this.#pageEnd]
    while (low < high) {
      if (high - low <= PAGE_ENTRIES && (low < this.#pageStart || high > this.#pageEnd)) this.#loadPage(low, high)
      const middle = (low + high) >>> 1
      if (before(this.entry(middle))) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Keeps the first `count` entries, and drops half an entry that a crash left. */
  truncate(count: number): void {
    this.#pageEnd = 0
    const fileCount = this.#fileCount
    this.#pendingBytes = Math.max(0, count - fileCount) * this.#entryBytes
    this.#file.truncate(Math.min(count, fileCount) * this.#entryBytes)
  }

  flush(): void {
    if (this.#pendingBytes === 0) return
    this.#file.truncate(this.#fileCount * this.#entryBytes)
    this.#file.append(this.#pending.subarray(0, this.#pendingBytes))
    this.#pendingBytes = 0
    this.#pending = Buffer.alloc(0)
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  close(): void {
    this.#file.close()
  }

  /** Whether the place that is looked for is between the first and the last entry of the page. */
  #isInPage(before: (entry: Buffer) => boolean): boolean {
    return this.#pageEnd > this.#pageStart && before(this.entry(this.#pageStart)) && !before(this.entry(this.#pageEnd - 1))
  }

  #loadPage(low: number, high: number): void {
    const end = Math.min(high, this.#fileCount)
    if (low >= end) return
    this.#page ??= Buffer.allocUnsafeSlow(PAGE_ENTRIES * this.#entryBytes)
    const start = Math.max(0, Math.min(low, end - PAGE_ENTRIES))
    this.#file.read(this.#page.subarray(0, (end - start) * this.#entryBytes), start * this.#entryBytes)
    this.#pageStart = start
    this.#pageEnd = end
  }

  get #fileCount(): number {
    return Math.floor(this.#file.sizeBytes / this.#entryBytes)
  }
}
