const initialCapacity = 16 * 1024
/** Longer texts get a buffer of their own. */
const maxCapacity = 1024 * 1024
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const maxBytesPerUnit = 3

/** Writes texts as UTF-8 into one buffer, used again for each. */
export class TextOutput {
  #bytes = Buffer.allocUnsafeSlow(initialCapacity)

  /** A view, valid until the next call. */
  write(text: string): Buffer {
    const needed = text.length * maxBytesPerUnit
    if (needed > maxCapacity) return Buffer.from(text)
    if (needed > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(maxCapacity)
    return this.#bytes.subarray(0, this.#bytes.write(text, 0))
  }
}
