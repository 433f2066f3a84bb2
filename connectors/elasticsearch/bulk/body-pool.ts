import { BulkBody } from './bulk-body.ts'

const mostKept = 8
const largestKept = 8 * 1024 * 1024

/** Buffers of finished requests, for the next ones: a steady flow allocates nothing. */
export class BodyPool {
  readonly #free: BulkBody[] = []

  take(): BulkBody {
    return this.#free.pop() ?? new BulkBody()
  }

  /** Only from requests that the server has answered, so that nothing reads the bytes any more. */
  give(body: BulkBody): void {
    if (this.#free.length >= mostKept || body.capacity > largestKept) return
    body.clear()
    this.#free.push(body)
  }
}
