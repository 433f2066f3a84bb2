import type { InflightBytes } from '../ports.ts'
import type { BlockDeadline } from './block-deadline.ts'

interface Waiter {
  readonly bytes: number
  readonly taken: () => void
}

/** What an accepted record keeps alive besides its bytes: its delivery and our lists. A guess, so that small records do not take many times `buffer.memory`. */
export const RECORD_OVERHEAD_BYTES = 128

/** Counts what was accepted and is not settled against `buffer.memory` and the task's share of the worker's memory: the producer's only back-pressure. */
export class BufferMemory {
  readonly totalBytes: number
  readonly #inflight: InflightBytes
  #usedBytes = 0
  #waiter: Waiter | null = null

  constructor(totalBytes: number, inflight: InflightBytes) {
    this.totalBytes = totalBytes
    this.#inflight = inflight
  }

  /** A send waits: batches go out without lingering. */
  get isShort(): boolean {
    return this.#waiter !== null
  }

  /** While nothing is taken any size is given: whether a record may be that large is not decided here. */
  tryTake(bytes: number): boolean {
    if (this.#usedBytes > 0 && this.#usedBytes + bytes > this.#mostBytes) return false
    this.#usedBytes += bytes
    this.#inflight.add(bytes)
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
    this.#inflight.add(-bytes)
    const waiter = this.#waiter
    if (waiter === null || !this.tryTake(waiter.bytes)) return
    this.#waiter = null
    waiter.taken()
  }

  get #mostBytes(): number {
    return Math.min(this.totalBytes, this.#inflight.limit)
  }

  #exhausted(bytes: number, maxBlockMs: number): string {
    return (
      `Failed to allocate ${bytes} bytes within the configured max blocking time ${maxBlockMs} ms. ` +
      `Total memory: ${this.#mostBytes} bytes. Available memory: ${this.#mostBytes - this.#usedBytes} bytes. Poolable size: 0 bytes`
    )
  }
}
