import type { BulkOperation } from '../bulk-operation.ts'
import { GrowingBytes } from './growing-bytes.ts'

const NEWLINE = 10
const QUOTE = 34
const DOC = Buffer.from('{"doc":')
const AS_UPSERT = Buffer.from(',"doc_as_upsert":true}')
const VERSION = Buffer.from(',"version":')
const END = Buffer.from('}}\n')
const END_OF_EXTERNAL = Buffer.from(',"version_type":"external"}}\n')

/**
 * The NDJSON text of a bulk request, written operation by operation into one growing buffer: a document is copied once,
 * from the batch that came from Kafka to here, and an action line is never a string. `clear` lets the memory serve the next request.
 */
export class BulkBody {
  readonly #bytes: GrowingBytes
  #startAction = ''
  #startIndex = ''
  /** Such as `{"index":{"_index":"t"`. */
  #start = Buffer.alloc(0)
  /** The same with `,"_id":"` behind it. */
  #startOfId = Buffer.alloc(0)

  constructor(capacity = 0) {
    this.#bytes = new GrowingBytes(capacity)
  }

  get length(): number {
    return this.#bytes.length
  }

  get capacity(): number {
    return this.#bytes.capacity
  }

  /** A view of what is written so far, valid until the next `append` or `clear`. */
  view(start = 0, end = this.length): Buffer {
    return this.#bytes.view(start, end)
  }

  append(operation: BulkOperation): void {
    const bytes = this.#bytes
    this.#actionLine(operation)
    const { source } = operation
    if (source === null) return
    if (operation.action === 'update') bytes.write(DOC)
    if (typeof source === 'string') bytes.writeText(source)
    else bytes.write(source)
    if (operation.action === 'update') bytes.write(AS_UPSERT)
    bytes.writeByte(NEWLINE)
  }

  /** Takes over operations that are written already. */
  appendWritten(bytes: Buffer): void {
    this.#bytes.write(bytes)
  }

  /** Takes back what was written after this length. */
  truncate(length: number): void {
    this.#bytes.truncate(length)
  }

  clear(): void {
    this.#bytes.truncate(0)
  }

  #actionLine({ action, index, id, version, retryOnConflict }: BulkOperation): void {
    if (action !== this.#startAction || index !== this.#startIndex) this.#useStart(action, index)
    const bytes = this.#bytes
    bytes.write(id === null ? this.#start : this.#startOfId)
    if (id !== null) this.#restOfId(id)
    if (version !== null) this.#version(version)
    if (retryOnConflict !== null) bytes.writeText(`,"retry_on_conflict":${retryOnConflict}`)
    bytes.write(version === null ? END : END_OF_EXTERNAL)
  }

  #useStart(action: string, index: string): void {
    const start = `{"${action}":{"_index":${JSON.stringify(index)}`
    this.#startAction = action
    this.#startIndex = index
    this.#start = Buffer.from(start)
    this.#startOfId = Buffer.from(`${start},"_id":"`)
  }

  #restOfId(id: string): void {
    const bytes = this.#bytes
    if (!bytes.tryWritePlain(id)) bytes.writeText(JSON.stringify(id).slice(1, -1))
    bytes.writeByte(QUOTE)
  }

  #version(version: number | bigint): void {
    const bytes = this.#bytes
    bytes.write(VERSION)
    if (typeof version === 'number') bytes.writeDigits(version)
    else bytes.writeText(String(version))
  }
}
