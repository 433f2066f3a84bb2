import type { RecordHeader } from '../ports.ts'

/** The headers of a record whose bounds a RecordScanner has checked. Values are views. */
export function readHeaders(bytes: Buffer, start: number, count: number): readonly RecordHeader[] {
  const reader = new HeaderReader(bytes, start)
  const headers: RecordHeader[] = []
  for (let left = count; left > 0; left--) headers.push({ key: reader.key(), value: reader.value() })
  return headers
}

class HeaderReader {
  readonly #bytes: Buffer
  #position: number

  constructor(bytes: Buffer, position: number) {
    this.#bytes = bytes
    this.#position = position
  }

  key(): string {
    const length = this.#length()
    this.#position += length
    return this.#bytes.toString('utf8', this.#position - length, this.#position)
  }

  value(): Buffer | null {
    const length = this.#length()
    if (length < 0) return null
    this.#position += length
    return this.#bytes.subarray(this.#position - length, this.#position)
  }

  #length(): number {
    let value = 0
    let byte = 0x80
    for (let shift = 0; byte >= 0x80; shift += 7) {
      byte = this.#bytes.readUInt8(this.#position++)
      value |= (byte & 0x7f) << shift
    }
    return (value >>> 1) ^ -(value & 1)
  }
}
