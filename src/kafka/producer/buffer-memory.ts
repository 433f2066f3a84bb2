import type { InflightBytes } from '../ports.ts'
import type { BlockDeadline } from './block-deadline.ts'

interface Waiter {
  readonly bytes: number
  readonly taken: () => void
}

/** What an accepted record keeps alive besides its bytes: its delivery and our lists. A guess, so that small records do not take many times `buffer.memory`. */
export const RECORD_OVERHEAD_BYTES = 128

const TELL_BYTES = 64 * 1024

/** Counts what was accepted and is not settled against `buffer.memory` and the task's share of the worker's memory: the producer's only back-pressure. */
export class BufferMemory {
  readonly totalBytes: number
  readonly #inflight: InflightBytes
  #usedBytes = 0
  /** Part of what is used that `#inflight` knows of. */
  #toldBytes = 0
  /** The smaller of the two limits, as it was when `#inflight` was last told. */
  #mostBytes: number
  #waiter: Waiter | null = null

  constructor(totalBytes: number, inflight: InflightBytes) {
    this.totalBytes = totalBytes
    this.#inflight = inflight
    this.#mostBytes = Math.min(totalBytes, inflight.limit)
  }

  /** A send waits: batches go out without lingering. */
  get isShort(): boolean {
    return this.#waiter !== null
  }

  /** While nothing is taken any size is given: whether a record may be that large is not decided here. */
  tryTake(bytes: number): boolean {
    const used = this.#usedBytes + bytes
    if (used > this.#mostBytes && this.#usedBytes > 0) {
      this.#tell()
      if (used > this.#mostBytes) return false
    }
    this.#usedBytes = used
    if (used - this.#toldBytes > TELL_BYTES) this.#tell()
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
    this.#tell()
    const waiter = this.#waiter
    if (waiter === null || !this.tryTake(waiter.bytes)) return
    this.#waiter = null
    waiter.taken()
  }

  /** Not with every record: it takes as long as the rest. */
  #tell(): void {
    this.#inflight.add(this.#usedBytes - this.#toldBytes)
    this.#toldBytes = this.#usedBytes
    this.#mostBytes = Math.min(this.totalBytes, this.#inflight.limit)
  }

  #exhausted(bytes: number, maxBlockMs: number): string {
    return (
      `Failed to allocate ${bytes} bytes within the configured max blocking time ${maxBlockMs} ms. ` +
      `Total memory: ${this.#mostBytes} bytes. Available memory: ${this.#mostBytes - this.#usedBytes} bytes. Poolable size: 0 bytes`
    )
  }
}
