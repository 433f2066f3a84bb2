import { TextDecoder } from 'node:util'

/** Text ↔ bytes of one character encoding. What an encoding lacks becomes `?`, malformed bytes U+FFFD, as Java does. */
export interface Charset {
  /** Node writes and reads it without a detour. */
  readonly isUtf8: boolean
  encode(text: string): Buffer
  decode(bytes: Buffer): string
}

const utf8: Charset = {
  isUtf8: true,
  encode: (text) => Buffer.from(text, 'utf8'),
  decode: (bytes) => bytes.toString('utf8'),
}

const latin1: Charset = {
  isUtf8: false,
  encode: (text) => Buffer.from(text.replace(/[\ud800-\udbff][\udc00-\udfff]|[^\u0000-\u00ff]/g, '?'), 'latin1'),
  decode: (bytes) => bytes.toString('latin1'),
}

const ascii: Charset = {
  isUtf8: false,
  encode: (text) => Buffer.from(text.replace(/[\ud800-\udbff][\udc00-\udfff]|[^\u0000-\u007f]/g, '?'), 'latin1'),
  decode: (bytes) => bytes.toString('latin1').replace(/[\u0080-\u00ff]/g, '\ufffd'),
}

const utf16le: Charset = {
  isUtf8: false,
  encode: (text) => Buffer.from(text, 'utf16le'),
  decode: (bytes) => new TextDecoder('utf-16le', { ignoreBOM: true }).decode(bytes),
}

const utf16be: Charset = {
  isUtf8: false,
  encode: (text) => Buffer.from(text, 'utf16le').swap16(),
  decode: (bytes) => new TextDecoder('utf-16be', { ignoreBOM: true }).decode(bytes),
}

/** Writes a big-endian byte order mark; reads either, big-endian without one. */
const utf16: Charset = {
  isUtf8: false,
  encode: (text) => (text === '' ? Buffer.alloc(0) : utf16be.encode(`\ufeff${text}`)),
  decode: (bytes) => new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-16be').decode(bytes),
}

const charsets: ReadonlyMap<string, Charset> = new Map([
  ...['utf-8', 'utf8', 'unicode-1-1-utf-8'].map((name) => [name, utf8] as const),
  ...['iso-8859-1', 'iso8859-1', 'iso8859_1', 'iso_8859-1', '8859_1', 'latin1', 'l1', 'cp819', 'ibm819'].map(
    (name) => [name, latin1] as const,
  ),
  ...['us-ascii', 'ascii', 'iso646-us', 'ascii7', 'cp367', 'ibm367', '646'].map((name) => [name, ascii] as const),
  ...['utf-16', 'utf16', 'utf_16', 'unicode'].map((name) => [name, utf16] as const),
  ...['utf-16be', 'utf_16be', 'unicodebigunmarked', 'x-utf-16be'].map((name) => [name, utf16be] as const),
  ...['utf-16le', 'utf_16le', 'unicodelittleunmarked', 'x-utf-16le'].map((name) => [name, utf16le] as const),
])

/** By Java's name or alias in any case; null: unknown here. Beyond Unicode and Latin-1, the one-byte encodings that Node can read. */
export function charsetByName(name: string): Charset | null {
  return charsets.get(name.toLowerCase()) ?? oneByteCharset(name)
}

const oneByteNames = /^(windows-12\d\d|cp12\d\d|iso-8859-\d+|koi8-[ru]|ibm866|macintosh)$/i

function oneByteCharset(name: string): Charset | null {
  if (!oneByteNames.test(name)) return null
  try {
    return tableCharset(new TextDecoder(name.replace(/^cp(?=12)/i, 'windows-')))
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function tableCharset(decoder: TextDecoder): Charset {
  const characters = decoder.decode(Uint8Array.from({ length: 256 }, (_, byte) => byte))
  const byteOf = new Map([...characters].map((character, byte) => [character, byte]))
  const question = '?'.charCodeAt(0)
  return {
    isUtf8: false,
    encode: (text) => Buffer.from(Array.from(text, (character) => byteOf.get(character) ?? question)),
    decode: (bytes) => decoder.decode(bytes),
  }
}
