/**
 * Walks the records of one batch without creating anything: after `next`, the fields say where the current record's parts are.
 * Reading outside the bytes throws a RangeError, which the caller turns into an error that names the batch.
 */
export class RecordScanner {
  /** Position of the next record. */
  position = 0
  timestampDelta = 0
  offsetDelta = 0
  keyStart = 0
  /** -1: null. */
  keyLength = -1
  valueStart = 0
  /** -1: null. */
  valueLength = -1
  headersStart = 0
  headerCount = 0
  #bytes: Buffer | null = null
  #view: DataView = NOTHING
  #end = 0

  /** Starts with the record at `position`; the batch ends at `end`. */
  reset(bytes: Buffer, position: number, end: number = bytes.length): void {
    if (bytes !== this.#bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#bytes = bytes
    this.position = position
    this.#end = end
  }

  /** @throws RangeError for a record that does not keep to its own length or the bytes' */
  next(): void {
    const length = this.#varint()
    const end = this.position + length
    if (length < 0 || end > this.#end) throw new RangeError(`The record says it has ${length} bytes`)
    this.position++
    this.timestampDelta = this.#varlong()
    this.offsetDelta = this.#varint()
    this.keyLength = this.#varint()
    this.keyStart = this.position
    if (this.keyLength > 0) this.position += this.keyLength
    this.valueLength = this.#varint()
    this.valueStart = this.position
    if (this.valueLength > 0) this.position += this.valueLength
    this.headerCount = this.#varint()
    this.headersStart = this.position
    if (this.headerCount !== 0) this.#skipHeaders(end)
    if (this.position !== end) throw new RangeError(`The record's parts do not add up to its length of ${length} bytes`)
  }

  /** @throws RangeError when there is something behind the last record */
  checkEnd(): void {
    if (this.position !== this.#end) throw new RangeError('Incorrect declared batch size, records still remaining in file')
  }

  #skipHeaders(end: number): void {
    if (this.headerCount < 0) throw new RangeError(`The record says it has ${this.headerCount} headers`)
    for (let left = this.headerCount; left > 0 && this.position <= end; left--) {
      const keyLength = this.#varint()
      if (keyLength < 0) throw new RangeError('A header of the record has no key')
      this.position += keyLength
      const valueLength = this.#varint()
      if (valueLength > 0) this.position += valueLength
    }
  }

  #varint(): number {
    const first = this.#view.getUint8(this.position++)
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    const second = this.#view.getUint8(this.position++)
    const both = (first & 0x7f) | ((second & 0x7f) << 7)
    if (second < 0x80) return (both >>> 1) ^ -(both & 1)
    return this.#longerVarint(both)
  }

  #longerVarint(lowest: number): number {
    let value = lowest
    for (let shift = 14; shift < 35; shift += 7) {
      const byte = this.#view.getUint8(this.position++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw new RangeError('A varint has more than 5 bytes')
  }

  /** Exact to 2^53: the lowest 28 bits are taken as an integer, the rest by multiplication. */
  #varlong(): number {
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#view.getUint8(this.position++)
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1)
    }
    let magnitude = low >>> 1
    let unit = 0x8000000
    for (let count = 4; count < 10; count++) {
      const byte = this.#view.getUint8(this.position++)
      magnitude += (byte & 0x7f) * unit
      if (byte < 0x80) return low & 1 ? -magnitude - 1 : magnitude
      unit *= 0x80
    }
    throw new RangeError('A varlong has more than 10 bytes')
  }
}

const NOTHING = new DataView(new ArrayBuffer(0))
