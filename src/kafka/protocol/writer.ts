const INITIAL_BYTES = 256

/** Writes Kafka's wire types. Large byte ranges can be attached as they are, so that a body becomes parts instead of a copy. */
export class Writer {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  #length = 0
  #partStart = 0
  readonly #parts: Buffer[] = []

  int8(value: number): this {
    const at = this.#reserve(1)
    this.#buffer.writeInt8(value, at)
    return this
  }

  int16(value: number): this {
    const at = this.#reserve(2)
    this.#buffer.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#reserve(4)
    this.#buffer.writeInt32BE(value, at)
    return this
  }

  /** @param value an integer, exact up to 2^53 */
  int64(value: number): this {
    const at = this.#reserve(8)
    const high = Math.floor(value / 0x1_0000_0000)
    this.#buffer.writeInt32BE(high, at)
    this.#buffer.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
    return this
  }

  uint16(value: number): this {
    const at = this.#reserve(2)
    this.#buffer.writeUInt16BE(value, at)
    return this
  }

  uint32(value: number): this {
    const at = this.#reserve(4)
    this.#buffer.writeUInt32BE(value, at)
    return this
  }

  float64(value: number): this {
    const at = this.#reserve(8)
    this.#buffer.writeDoubleBE(value, at)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  string(value: string): this {
    const length = Buffer.byteLength(value)
    return this.int16(length).text(value, length)
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value)
  }

  bytes(value: Buffer): this {
    return this.int32(value.length).raw(value)
  }

  /** The bytes alone, without their length. */
  raw(value: Uint8Array): this {
    const at = this.#reserve(value.length)
    this.#buffer.set(value, at)
    return this
  }

  /** Length and bytes, without copying them: `value` must not change until the request was written. */
  attachBytes(value: Buffer): this {
    return this.int32(value.length).attach(value)
  }

  /** The bytes alone, without their length and without copying them. */
  attach(value: Buffer): this {
    this.#closePart()
    this.#parts.push(value)
    return this
  }

  /** @param items null is written as Kafka's null array */
  array<T>(items: Iterable<T> | null, item: (writer: Writer, value: T) => void): this {
    if (items === null) return this.int32(-1)
    const list = Array.isArray(items) ? (items as readonly T[]) : [...items]
    this.int32(list.length)
    for (const value of list) item(this, value)
    return this
  }

  int32Array(items: readonly number[]): this {
    return this.array(items, (writer, value) => writer.int32(value))
  }

  stringArray(items: readonly string[] | null): this {
    return this.array(items, (writer, value) => writer.string(value))
  }

  uvarint(value: number): this {
    let rest = value
    while (rest > 0x7f) {
      this.#uint8((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    return this.#uint8(rest)
  }

  compactString(value: string): this {
    const length = Buffer.byteLength(value)
    return this.uvarint(length + 1).text(value, length)
  }

  compactNullableString(value: string | null): this {
    return value === null ? this.uvarint(0) : this.compactString(value)
  }

  compactArray<T>(items: Iterable<T> | null, item: (writer: Writer, value: T) => void): this {
    if (items === null) return this.uvarint(0)
    const list = [...items]
    this.uvarint(list.length + 1)
    for (const value of list) item(this, value)
    return this
  }

  noTags(): this {
    return this.uvarint(0)
  }

  /** What was written, as one buffer when nothing was attached. */
  finish(): readonly Buffer[] {
    this.#closePart()
    return this.#parts
  }

  #uint8(value: number): this {
    const at = this.#reserve(1)
    this.#buffer.writeUInt8(value, at)
    return this
  }

  /** @param length of `value` in UTF-8, in bytes */
  text(value: string, length: number): this {
    const at = this.#reserve(length)
    this.#buffer.write(value, at, 'utf8')
    return this
  }

  #closePart(): void {
    if (this.#length > this.#partStart) this.#parts.push(this.#buffer.subarray(this.#partStart, this.#length))
    this.#partStart = this.#length
  }

  #reserve(length: number): number {
    const at = this.#length
    if (at + length > this.#buffer.length) this.#grow(at + length)
    this.#length = at + length
    return at
  }

  /** Parts that were closed keep their memory: the new buffer takes over what is open. */
  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
