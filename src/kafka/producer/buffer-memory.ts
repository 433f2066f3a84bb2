import type { BlockDeadline } from './block-deadline.ts'

interface Waiter {
  readonly bytes: number
  readonly taken: () => void
}

/** What an accepted record keeps alive besides its bytes: its delivery and our lists. A guess, so that small records do not take many times `buffer.memory`. */
export const RECORD_OVERHEAD_BYTES = 128

/** Counts what was accepted and is not settled against `buffer.memory`: the producer's only back-pressure. */
export class BufferMemory {
  readonly totalBytes: number
  #usedBytes = 0
  #waiter: Waiter | null = null

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes
  }

  /** A send waits: batches go out without lingering. */
  get isShort(): boolean {
    return this.#waiter !== null
  }

  /** While nothing is taken any size is given: whether a record may be that large is not decided here. */
  tryTake(bytes: number): boolean {
    if (this.#usedBytes > 0 && this.#usedBytes + bytes > this.totalBytes) return false
    this.#usedBytes += bytes
    return true
  }

  /**
   * Takes as soon as enough is given back. One call at a time.
   * @throws KafkaError at the deadline, with Java's sentence
   */
  take(bytes: number, deadline: BlockDeadline): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.tryTake(bytes)) return resolve()
      const givenUp = () => {
        this.#waiter = null
        reject(deadline.error(this.#exhausted(bytes, deadline.maxBlockMs)))
      }
      const taken = () => {
        deadline.signal.removeEventListener('abort', givenUp)
        resolve()
      }
      if (deadline.isOver) return givenUp()
      deadline.signal.addEventListener('abort', givenUp, { once: true })
      this.#waiter = { bytes, taken }
    })
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes
    const waiter = this.#waiter
    if (waiter === null || !this.tryTake(waiter.bytes)) return
    this.#waiter = null
    waiter.taken()
  }

  #exhausted(bytes: number, maxBlockMs: number): string {
    return (
      `Failed to allocate ${bytes} bytes within the configured max blocking time ${maxBlockMs} ms. ` +
      `Total memory: ${this.totalBytes} bytes. Available memory: ${this.totalBytes - this.#usedBytes} bytes. Poolable size: 0 bytes`
    )
  }
}
