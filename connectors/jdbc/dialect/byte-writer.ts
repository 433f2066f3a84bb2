/** Up to so many characters a loop is faster than a call out of JavaScript. */
export const shortText = 40
/** Beyond that the bytes of a text are counted, and buffers grow by a quarter, so that large rows do not take many times their size. */
const largeText = 4096
const largeBuffer = 4 * 1024 * 1024

/** The buffer, or a larger one that begins with the same `used` bytes and has room for `more`. */
export function growing(bytes: Buffer, used: number, more: number): Buffer {
  if (used + more <= bytes.length) return bytes
  const grown = bytes.length < largeBuffer ? bytes.length * 2 : Math.ceil(bytes.length * 1.25)
  const larger = Buffer.allocUnsafeSlow(Math.max(used + more, grown))
  bytes.copy(larger, 0, 0, used)
  return larger
}

/** Room that is enough for a text as UTF-8. */
export function roomFor(text: string): number {
  return text.length > largeText ? Buffer.byteLength(text) : text.length * 3
}

/** Writes a text as UTF-8 where there is room for it. @returns how many bytes it took */
export function writeText(bytes: Buffer, text: string, at: number): number {
  const { length } = text
  if (length > shortText) return bytes.write(text, at)
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code >= 0x80) return bytes.write(text, at)
    bytes[at + index] = code
  }
  return length
}
