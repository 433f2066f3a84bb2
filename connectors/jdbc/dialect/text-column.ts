import { growing, roomFor, writeText } from './byte-writer.ts'
import type { SqlText } from './connection.ts'

/** Of an array in PostgreSQL's binary form: dimensions, flags, type of elements, and count and first index of the one dimension. */
const headerBytes = 20
const oidOfText = 25

/**
 * The texts of one column, kept as the bytes that the server reads: a binary array of texts, each with its length before it. Nothing of
 * a text stays behind for the garbage collector, nothing needs quotation marks, and the whole goes out as it is.
 * https://www.postgresql.org/docs/current/sql-createtype.html, array_recv
 */
export class TextColumn {
  #bytes: Buffer = Buffer.allocUnsafeSlow(1024)
  #end = headerBytes
  #lastStart = headerBytes
  /** Where each text begins, and where the last ends; null: not known yet. */
  #starts: Int32Array | null = null
  #count = 0

  push(text: SqlText): void {
    const start = this.#end
    this.#bytes = growing(this.#bytes, start, text === null ? 4 : 4 + roomFor(text))
    const length = text === null ? -1 : writeText(this.#bytes, text, start + 4)
    setInt(this.#bytes, start, length)
    this.#lastStart = start
    this.#end = start + 4 + Math.max(0, length)
    this.#starts = null
    this.#count++
  }

  /** Takes the text pushed last back, once. */
  pop(): void {
    this.#end = this.#lastStart
    this.#starts = null
    this.#count--
  }

  textAt(row: number): SqlText {
    const start = this.#index()[row] ?? headerBytes
    const length = this.#bytes.readInt32BE(start)
    return length < 0 ? null : this.#bytes.toString('utf8', start + 4, start + 4 + length)
  }

  /** All texts as one parameter. It shares the bytes: nothing may be pushed while it is in use. */
  array(): Buffer {
    writeHeader(this.#bytes, this.#count)
    return this.#bytes.subarray(0, this.#end)
  }

  /** The texts of those rows that `rows` names from one place to another, in its order, as one parameter. */
  arrayOf(rows: readonly number[], from: number, to: number): Buffer {
    const starts = this.#index()
    let size = headerBytes
    for (let index = from; index < to; index++) {
      const row = rows[index] ?? 0
      size += (starts[row + 1] ?? 0) - (starts[row] ?? 0)
    }
    const array = Buffer.allocUnsafe(size)
    writeHeader(array, to - from)
    let at = headerBytes
    for (let index = from; index < to; index++) {
      const row = rows[index] ?? 0
      at += this.#bytes.copy(array, at, starts[row], starts[row + 1])
    }
    return array
  }

  #index(): Int32Array {
    if (this.#starts !== null) return this.#starts
    const starts = new Int32Array(this.#count + 1)
    let at = headerBytes
    for (let row = 0; row < this.#count; row++) {
      starts[row] = at
      at += 4 + Math.max(0, this.#bytes.readInt32BE(at))
    }
    starts[this.#count] = at
    return (this.#starts = starts)
  }
}

function writeHeader(array: Buffer, count: number): void {
  setInt(array, 0, 1)
  setInt(array, 4, 0)
  setInt(array, 8, oidOfText)
  setInt(array, 12, count)
  setInt(array, 16, 1)
}

/** Byte by byte: a third of the time of Buffer#writeInt32BE, which checks its arguments. */
function setInt(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
