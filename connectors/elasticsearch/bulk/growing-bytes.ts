const smallest = 16 * 1024
/** No UTF-16 unit takes more bytes than this in UTF-8. */
const bytesPerUnit = 3
const ZERO = 48
const [SPACE, QUOTE, BACKSLASH, TILDE] = [32, 34, 92, 126] as const
const mostDigits = 16

/** Bytes one behind the other, in memory that grows and can be used again. */
export class GrowingBytes {
  #bytes: Buffer
  #length = 0

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(capacity, smallest))
  }

  get length(): number {
    return this.#length
  }

  get capacity(): number {
    return this.#bytes.length
  }

  /** A view of what is written, valid until more is. */
  view(start: number, end: number): Buffer {
    return this.#bytes.subarray(start, end)
  }

  /** Takes back what was written after this length. */
  truncate(length: number): void {
    this.#length = length
  }

  write(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  writeByte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = byte
  }

  /** In UTF-8. */
  writeText(text: string): void {
    this.#reserve(text.length * bytesPerUnit)
    this.#length += this.#bytes.write(text, this.#length)
  }

  /**
   * Writes the inside of a JSON string if no character needs an escape or a second byte; for texts so short that `writeText` costs more.
   * @returns false: one does, and nothing was written
   */
  tryWritePlain(text: string): boolean {
    this.#reserve(text.length)
    const bytes = this.#bytes
    let at = this.#length
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      if (unit < SPACE || unit > TILDE || unit === QUOTE || unit === BACKSLASH) return false
      bytes[at++] = unit
    }
    this.#length = at
    return true
  }

  /** @param number a whole one from 0 to 2^53 */
  writeDigits(number: number): void {
    this.#reserve(mostDigits)
    let digits = 1
    for (let limit = 10; limit <= number; limit *= 10) digits++
    let rest = number
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const next = Math.floor(rest / 10)
      this.#bytes[at] = ZERO + (rest - next * 10)
      rest = next
    }
    this.#length += digits
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
