import { quoteJson } from './json-string.ts'

const initialCapacity = 16 * 1024
/** Longer texts get a buffer of their own. */
const maxCapacity = 1024 * 1024
/** Room behind the text for the padding of the last word, the closing quote and the suffix. */
const margin = 16

const QUOTE = 34
const CLOSING_BRACE = 125
const SPACE = 32

/** 1 for bytes that may stand in a JSON string as they are: no quote, backslash or control, and nothing of a character beyond U+D7FF. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x20 && byte < 0xed && byte !== QUOTE && byte !== 0x5c ? 1 : 0))

const NO_PREFIX = Buffer.alloc(0)

/**
 * Where a JsonConverter writes its bytes: one buffer, used again for each value. A prefix (an envelope up to its payload) stays in
 * it from value to value and adds a closing brace behind each.
 * The text begins on a word, one byte behind its quote, so that a string can be checked a word at a time after it was written.
 */
export class JsonOutput {
  #prefix: Buffer = NO_PREFIX
  /** Where the payload begins: one byte before a word. */
  #base = 3
  #bytes: Buffer
  #words: Int32Array

  constructor() {
    const memory = new ArrayBuffer(initialCapacity)
    this.#bytes = Buffer.from(memory)
    this.#words = new Int32Array(memory)
  }

  /** Puts this before each of the following texts, and a closing brace behind. */
  usePrefix(prefix: Buffer): void {
    if (prefix === this.#prefix) return
    this.#prefix = prefix
    this.#base = prefix.length | 3
    this.#reserve(this.#base + margin)
    prefix.copy(this.#bytes, this.#base - prefix.length)
  }

  /** A view of the text as a JSON string, valid until the next call. */
  string(text: string): Buffer {
    const from = this.#base + 1
    if (!this.#reserve(from + text.length * 3 + margin)) return this.json(quoteJson(text))
    const bytes = this.#bytes
    const end = from + bytes.write(text, from)
    if (!this.#isPlain(from, end)) return this.json(quoteJson(text))
    bytes[this.#base] = QUOTE
    bytes[end] = QUOTE
    return this.#finish(end + 1)
  }

  /** A view of finished JSON text, valid until the next call. */
  json(text: string): Buffer {
    if (!this.#reserve(this.#base + text.length * 3 + margin)) return this.#ownBuffer(text)
    return this.#finish(this.#base + this.#bytes.write(text, this.#base))
  }

  #finish(end: number): Buffer {
    if (this.#prefix === NO_PREFIX) return this.#bytes.subarray(this.#base, end)
    this.#bytes[end] = CLOSING_BRACE
    return this.#bytes.subarray(this.#base - this.#prefix.length, end + 1)
  }

  #ownBuffer(text: string): Buffer {
    return this.#prefix === NO_PREFIX ? Buffer.from(text) : Buffer.concat([this.#prefix, Buffer.from(`${text}}`)])
  }

  /** False: that is more than is kept. */
  #reserve(size: number): boolean {
    if (size <= this.#bytes.length) return true
    if (size > maxCapacity) return false
    const memory = new ArrayBuffer(Math.min(maxCapacity, 2 ** Math.ceil(Math.log2(size))))
    const bytes = Buffer.from(memory)
    this.#prefix.copy(bytes, this.#base - this.#prefix.length)
    this.#bytes = bytes
    this.#words = new Int32Array(memory)
    return true
  }

  #isPlain(from: number, end: number): boolean {
    return this.#isPlainAscii(from, end) || this.#isPlainUtf8(from, end)
  }

  /** Four bytes at a time: the high bit of each is set when the byte is below a space, a quote, a backslash or not ASCII. */
  #isPlainAscii(from: number, end: number): boolean {
    const words = this.#words
    const bytes = this.#bytes
    bytes[end] = bytes[end + 1] = bytes[end + 2] = bytes[end + 3] = SPACE
    const last = (end - 1) >> 2
    let found = 0
    for (let index = from >> 2; index <= last; index++) {
      const word = words[index] as number
      const quotes = word ^ 0x22222222
      const backslashes = word ^ 0x5c5c5c5c
      found |= word | ((word - 0x20202020) & ~word) | ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes)
    }
    return (found & 0x80808080) === 0
  }

  #isPlainUtf8(from: number, end: number): boolean {
    const bytes = this.#bytes
    for (let at = from; at < end; at++) if (isPlain[bytes[at] as number] === 0) return false
    return true
  }
}
