import { batchEnd, BatchHeader, magicOf } from '../record/batch-header.ts'
import { RECORDS } from '../record/batch-format.ts'
import type { PartitionCursor } from '../record/partition-cursor.ts'
import type { FetchedBytes } from './fetched-bytes.ts'
import type { PartitionState } from './subscription-state.ts'

/** One answer of a broker while parts of it wait for `poll`. */
export class FetchedResponse {
  readonly #waiting = new Set<PartitionBuffer>()

  add(buffer: PartitionBuffer): void {
    this.#waiting.add(buffer)
  }

  remove(buffer: PartitionBuffer): void {
    this.#waiting.delete(buffer)
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  /** Whether the next polls will hand something of it out; what is paused may wait for ever and must not hold up the others. */
  get isWanted(): boolean {
    for (const buffer of this.#waiting) if (!buffer.state.paused) return true
    return false
  }
}

/** One partition's part of an answer. */
export class PartitionBuffer {
  readonly state: PartitionState
  readonly cursor: PartitionCursor
  readonly #response: FetchedResponse
  readonly #size: number
  readonly #bytes: FetchedBytes

  /** @param size in bytes, counted in `bytes` until the buffer is done with */
  constructor(state: PartitionState, cursor: PartitionCursor, response: FetchedResponse, size: number, bytes: FetchedBytes) {
    this.state = state
    this.cursor = cursor
    this.#response = response
    this.#size = size
    this.#bytes = bytes
    response.add(this)
    bytes.fetched(size)
  }

  /** All of it is with the application. */
  handedOut(): void {
    this.#response.remove(this)
    this.#bytes.handedOut(this.#size)
  }

  /** What was not handed out is not wanted any more. */
  drop(): void {
    this.#response.remove(this)
    this.#bytes.dropped(this.#size)
  }
}

/**
 * The offset behind the last whole batch, which is where the next fetch goes on while these bytes are still being read.
 * Looks at headers only; a batch that cannot be read ends the walk, and reading it reports why.
 * @returns `position` when there is no whole batch
 */
export function offsetBehind(bytes: Buffer, start: number, end: number, position: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let behind = position
  for (let at = start; end - at >= RECORDS && magicOf(view, at) === 2;) {
    const next = batchEnd(view, at)
    if (next - at < RECORDS || next > end) break
    behind = Math.max(behind, new BatchHeader(view, at).lastOffset + 1)
    at = next
  }
  return behind
}
