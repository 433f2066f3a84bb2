/**
 * Reads Kafka's wire types from a Buffer, in order. Reading past the end throws a RangeError, which the transport reports as a
 * malformed answer of that broker.
 */
export class Reader {
  readonly buffer: Buffer
  position: number

  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer
    this.position = position
  }

  int8(): number {
    return this.buffer.readInt8(this.#advance(1))
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#advance(4))
  }

  /** Exact up to 2^53, which no offset, timestamp or producer id reaches. */
  int64(): number {
    const at = this.#advance(8)
    return this.buffer.readInt32BE(at) * 0x1_0000_0000 + this.buffer.readUInt32BE(at + 4)
  }

  uint16(): number {
    return this.buffer.readUInt16BE(this.#advance(2))
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.#advance(4))
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.#advance(8))
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  nullableString(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.text(length)
  }

  /** Null is read as the empty text. */
  string(): string {
    return this.nullableString() ?? ''
  }

  /** A view on the buffer; null is read as no bytes. */
  bytes(): Buffer {
    return this.view(Math.max(this.int32(), 0))
  }

  /** A view on the next `length` bytes. */
  view(length: number): Buffer {
    const start = this.#advance(length)
    return this.buffer.subarray(start, start + length)
  }

  /** Bytes as a range of `buffer`; null is read as an empty one. */
  byteRange(): { readonly buffer: Buffer; readonly start: number; readonly end: number } {
    const length = Math.max(this.int32(), 0)
    const start = this.#advance(length)
    return { buffer: this.buffer, start, end: start + length }
  }

  /** In hexadecimal; null is what Kafka writes for none: zeros. */
  uuid(): string | null {
    const text = this.view(16).toString('hex')
    return /^0+$/.test(text) ? null : text
  }

  array<T>(item: (reader: Reader) => T): T[] {
    return this.#items(this.int32(), item)
  }

  nullableArray<T>(item: (reader: Reader) => T): T[] | null {
    const count = this.int32()
    return count < 0 ? null : this.#items(count, item)
  }

  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer.readUInt8(this.#advance(1))
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError('A variable-length number is longer than 5 bytes')
  }

  compactNullableString(): string | null {
    const length = this.uvarint() - 1
    return length < 0 ? null : this.text(length)
  }

  compactString(): string {
    return this.compactNullableString() ?? ''
  }

  compactArray<T>(item: (reader: Reader) => T): T[] {
    return this.#items(this.uvarint() - 1, item)
  }

  compactNullableArray<T>(item: (reader: Reader) => T): T[] | null {
    const count = this.uvarint() - 1
    return count < 0 ? null : this.#items(count, item)
  }

  /** Passes over tagged fields: none of those we use is of interest. */
  skipTags(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint()
      this.#advance(this.uvarint())
    }
  }

  /** Every item takes a byte at least: a count beyond the bytes that are left is refused before memory is taken for it. */
  #items<T>(count: number, item: (reader: Reader) => T): T[] {
    if (count > this.buffer.length - this.position)
      throw new RangeError(`${count} items do not fit at position ${this.position} of ${this.buffer.length}`)
    const items: T[] = []
    for (let index = 0; index < count; index++) items.push(item(this))
    return items
  }

  /** @param length of UTF-8, in bytes */
  text(length: number): string {
    const start = this.#advance(length)
    return this.buffer.toString('utf8', start, start + length)
  }

  #advance(length: number): number {
    const start = this.position
    const end = start + length
    if (end > this.buffer.length) throw new RangeError(`Needs ${length} bytes at position ${start} of ${this.buffer.length}`)
    this.position = end
    return start
  }
}
