/** JSON text as UTF-8. */
export interface JsonBytes {
  readonly bytes: Buffer
  /** Where the text begins, behind a byte order mark. */
  readonly start: number
  /** These are the bytes that came in: nothing was converted or left out. */
  readonly isOriginal: boolean
}

/** Jackson looks for a byte order mark in so many bytes, or not at all. */
const leastWithMark = 4

/**
 * UTF-8, UTF-16 or UTF-32 by byte order mark or by the place of the zero bytes, as Jackson detects it. The common case,
 * no mark and no zero byte among the first two, must be told by `needsDecoding` without calling this.
 */
export function decodeJson(bytes: Buffer): JsonBytes {
  if (bytes.length >= leastWithMark && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    return { bytes, start: 3, isOriginal: false }
  const encoding = encodingOf(bytes)
  if (encoding === 'utf-8') return { bytes, start: 0, isOriginal: true }
  return { bytes: Buffer.from(decoders[encoding](bytes), 'utf8'), start: 0, isOriginal: false }
}

/** Cheap test on the first bytes: false means plain UTF-8. */
export function needsDecoding(bytes: Buffer): boolean {
  const first = bytes[0]
  return first === 0 || bytes[1] === 0 || (first !== undefined && first >= 0xef)
}

type Encoding = 'utf-8' | 'utf-16be' | 'utf-16le' | 'utf-32be' | 'utf-32le'

function encodingOf(bytes: Buffer): Encoding {
  if (bytes.length >= leastWithMark) {
    const word = bytes.readUInt32BE(0)
    if (word === 0x0000feff || word >>> 8 === 0) return 'utf-32be'
    if (word === 0xfffe0000 || (word & 0x00ffffff) === 0) return 'utf-32le'
  }
  if (bytes.length < 2) return 'utf-8'
  const pair = bytes.readUInt16BE(0)
  const mayBeMark = bytes.length >= leastWithMark
  if ((mayBeMark && pair === 0xfeff) || pair >>> 8 === 0) return 'utf-16be'
  return (mayBeMark && pair === 0xfffe) || (pair & 0xff) === 0 ? 'utf-16le' : 'utf-8'
}

const decoders: Readonly<Record<Exclude<Encoding, 'utf-8'>, (bytes: Buffer) => string>> = {
  'utf-16be': (bytes) => new TextDecoder('utf-16be').decode(bytes),
  'utf-16le': (bytes) => new TextDecoder('utf-16le').decode(bytes),
  'utf-32be': (bytes) => utf32(bytes, (at) => bytes.readUInt32BE(at)),
  'utf-32le': (bytes) => utf32(bytes, (at) => bytes.readUInt32LE(at)),
}

function utf32(bytes: Buffer, codeAt: (at: number) => number): string {
  const characters: string[] = []
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = codeAt(at)
    if (at > 0 || code !== 0xfeff) characters.push(code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd')
  }
  return characters.join('')
}
