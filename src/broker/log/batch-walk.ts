import { RECORDS } from '../../kafka/record/batch-format.ts'
import { BatchView } from './batch-view.ts'
import type { LogFile } from './storage/log-storage.ts'

const WINDOW_BYTES = 16 * 1024

/**
 * Goes from batch to batch in a file and looks at headers only. After `next` said true, `batch` and `position` tell about the current one.
 * Stops at the end, and before whatever cannot be a whole batch; what it passes may still fail its checksum.
 */
export class BatchWalk {
  readonly batch = new BatchView()
  /** Where the current batch begins in the file. */
  position = -1
  /** Where the next one begins: after the last, where whole batches end. */
  nextPosition: number
  readonly #file: LogFile
  readonly #end: number
  readonly #window: Buffer
  #windowStart = 0
  #windowBytes = 0

  /** @param window how much is read at a time, or the memory for it */
  constructor(file: LogFile, from = 0, end = file.sizeBytes, window: number | Buffer = WINDOW_BYTES) {
    this.#file = file
    this.nextPosition = from
    this.#end = end
    this.#window = typeof window === 'number' ? Buffer.allocUnsafe(Math.max(RECORDS, Math.min(window, end - from))) : window
  }

  next(): boolean {
    const position = this.nextPosition
    if (position + RECORDS > this.#end) return false
    const { batch } = this
    this.#show(position, RECORDS)
    if (batch.magic !== 2 || batch.sizeBytes < RECORDS || position + batch.sizeBytes > this.#end || batch.lastOffsetDelta < 0) return false
    this.position = position
    this.nextPosition = position + batch.sizeBytes
    return true
  }

  /** The whole current batch, on which `batch` is a view then; valid until the next call. */
  bytes(): Buffer {
    const { sizeBytes } = this.batch
    if (sizeBytes > this.#window.length) {
      const bytes = Buffer.allocUnsafe(sizeBytes)
      this.#file.read(bytes, this.position)
      this.batch.at(bytes, 0)
      return bytes
    }
    this.#show(this.position, sizeBytes)
    return this.#window.subarray(this.batch.start, this.batch.start + sizeBytes)
  }

  /** Has bytes of the file in the window, and the view on the batch that begins there. */
  #show(position: number, bytes: number): void {
    const isThere = position >= this.#windowStart && position + bytes <= this.#windowStart + this.#windowBytes
    if (!isThere) {
      this.#windowStart = position
      this.#windowBytes = this.#file.read(this.#window.subarray(0, Math.min(this.#window.length, this.#end - position)), position)
    }
    this.batch.at(this.#window, position - this.#windowStart)
  }
}
