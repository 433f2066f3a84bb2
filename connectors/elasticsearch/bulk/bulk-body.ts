import type { BulkOperation } from '../bulk-operation.ts'

const NEWLINE = 10
const DOC = Buffer.from('{"doc":')
const AS_UPSERT = Buffer.from(',"doc_as_upsert":true}')
const EXTERNAL = ',"version_type":"external"'
const smallest = 16 * 1024
/** No UTF-16 unit takes more bytes than this in UTF-8. */
const bytesPerUnit = 3
/** Printable ASCII that JSON leaves alone. */
const PLAIN = /^[ !#-[\]-~]*$/

/**
 * The NDJSON text of a bulk request, written operation by operation into one growing buffer: a document is copied once,
 * from the batch that came from Kafka to here. `clear` lets the memory serve the next request.
 */
export class BulkBody {
  #bytes: Buffer
  #length = 0
  #startOf = ''
  #startAction = ''
  #startIndex = ''

  constructor(capacity = smallest) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(capacity, smallest))
  }

  get length(): number {
    return this.#length
  }

  get capacity(): number {
    return this.#bytes.length
  }

  /** A view of what is written so far, valid until the next `append` or `clear`. */
  view(start = 0, end = this.#length): Buffer {
    return this.#bytes.subarray(start, end)
  }

  append(operation: BulkOperation): void {
    this.#writeText(this.#actionLine(operation))
    const { source } = operation
    if (source === null) return
    if (operation.action === 'update') this.#writeBytes(DOC)
    if (typeof source === 'string') this.#writeText(source)
    else this.#writeBytes(source)
    if (operation.action === 'update') this.#writeBytes(AS_UPSERT)
    this.#newline()
  }

  /** Takes over operations that are written already. */
  appendWritten(bytes: Buffer): void {
    this.#writeBytes(bytes)
  }

  /** Takes back what was written after this length. */
  truncate(length: number): void {
    this.#length = length
  }

  clear(): void {
    this.#length = 0
  }

  /** With its line break, so that short lines are one write. */
  #actionLine(operation: BulkOperation): string {
    const { action, index, id, version, retryOnConflict } = operation
    if (action !== this.#startAction || index !== this.#startIndex) this.#useStart(action, index)
    let line = this.#startOf
    if (id !== null) line += PLAIN.test(id) ? `,"_id":"${id}"` : `,"_id":${JSON.stringify(id)}`
    if (version !== null) line += `,"version":${version}${EXTERNAL}`
    if (retryOnConflict !== null) line += `,"retry_on_conflict":${retryOnConflict}`
    return `${line}}}\n`
  }

  #useStart(action: string, index: string): void {
    this.#startAction = action
    this.#startIndex = index
    this.#startOf = `{"${action}":{"_index":${JSON.stringify(index)}`
  }

  #writeText(text: string): void {
    this.#reserve(text.length * bytesPerUnit)
    this.#length += this.#bytes.write(text, this.#length)
  }

  #writeBytes(bytes: Buffer): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #newline(): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = NEWLINE
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
