const SMALLEST_CLASS = 14
const LARGEST_CLASS = 30

/**
 * Buffers of settled batches, kept for the next ones: a free list for each power of two from 16 KiB.
 * It only saves garbage; what a producer may hold at once is counted elsewhere.
 */
export class BufferPool {
  readonly #maxBytes: number
  readonly #free: Buffer[][] = []
  #keptBytes = 0

  /** @param maxBytes most that unused buffers may take together, as a rule `buffer.memory` */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    for (let sizeClass = 0; sizeClass <= LARGEST_CLASS; sizeClass++) this.#free.push([])
  }

  /** Bytes of buffers that wait for their next use. */
  get unusedBytes(): number {
    return this.#keptBytes
  }

  /** @returns a buffer of at least `bytes`, with old content */
  take(bytes: number): Buffer {
    const sizeClass = classOf(bytes)
    const kept = this.#free[sizeClass]?.pop()
    if (kept === undefined) return Buffer.allocUnsafeSlow(sizeClass > LARGEST_CLASS ? bytes : 2 ** sizeClass)
    this.#keptBytes -= kept.length
    return kept
  }

  /** Gives a buffer of `take` back. Nobody may use it, or a view on it, any more. */
  give(buffer: Buffer): void {
    if (this.#keptBytes + buffer.length > this.#maxBytes) return
    const list = this.#free[classOf(buffer.length)]
    if (list === undefined) return
    list.push(buffer)
    this.#keptBytes += buffer.length
  }
}

function classOf(bytes: number): number {
  return Math.max(SMALLEST_CLASS, 32 - Math.clz32(bytes - 1))
}
