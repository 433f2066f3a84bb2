/** Up to so many characters a loop is faster than a call out of JavaScript. */
export const shortText = 40

/** The buffer, or a larger one that begins with the same `used` bytes and has room for `more`. */
export function growing(bytes: Buffer, used: number, more: number): Buffer {
  if (used + more <= bytes.length) return bytes
  const larger = Buffer.allocUnsafeSlow(Math.max(used + more, bytes.length * 2))
  bytes.copy(larger, 0, 0, used)
  return larger
}

/** Writes a text as UTF-8 where there is room: three bytes a character. @returns how many bytes it took */
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
