import type { ConnectStruct, ConnectValue } from '../../api/data/connect-value.ts'
import { Double } from '../../api/data/double.ts'

const [TAB, NEWLINE, RETURN, SPACE, QUOTE, COMMA, BACKSLASH] = [9, 10, 13, 32, 34, 44, 92] as const
const [LEFT_BRACKET, RIGHT_BRACKET, LEFT_BRACE, RIGHT_BRACE, LOWER_U, LOWER_T, LOWER_F, LOWER_N] = [
  91, 93, 123, 125, 117, 116, 102, 110,
] as const

/** A number whose text matters: more digits than a JavaScript number keeps, a fraction or an exponent. */
export class JsonNumber {
  readonly text: string
  readonly isIntegral: boolean

  constructor(text: string) {
    this.text = text
    this.isIntegral = /^-?\d+$/.test(text)
  }

  /** As Java's schemaless reading: integers are 64-bit and wrap, all else is a double. */
  toConnectValue(): number | bigint | Double {
    if (this.isIntegral) return toLong(BigInt(this.text))
    const number = Number(this.text)
    if (!Number.isInteger(number)) return number
    return new Double(number === 0 ? 0 : number)
  }
}

function toLong(value: bigint): number | bigint {
  const long = BigInt.asIntN(64, value)
  const number = Number(long)
  return Number.isSafeInteger(number) ? number : long
}

/** What reading gives: as JSON.parse, but numbers may be `JsonNumber`. */
export type JsonNode = null | boolean | number | string | JsonNumber | readonly JsonNode[] | JsonObject

export interface JsonObject {
  readonly [name: string]: JsonNode
}

/**
 * The lossless parser, for texts that JSON.parse would change. Reads bytes that a JsonScanner has accepted, and only those:
 * it checks nothing itself.
 */
export class JsonReader {
  readonly #bytes: Buffer
  readonly #isWellFormed: boolean
  readonly #keepNumbers: boolean
  #at: number

  private constructor(bytes: Buffer, position: number, isWellFormed: boolean, keepNumbers: boolean) {
    this.#bytes = bytes
    this.#at = position
    this.#isWellFormed = isWellFormed
    this.#keepNumbers = keepNumbers
  }

  /** Connect's schemaless value of the text at `position`. */
  static value(bytes: Buffer, position: number, isWellFormed: boolean): ConnectValue {
    // With keepNumbers off no JsonNumber is made, and what is left is Connect data.
    return new JsonReader(bytes, position, isWellFormed, false).#value() as ConnectValue
  }

  /** The text with its numbers untouched, to be converted by a schema. */
  static node(bytes: Buffer, position: number, isWellFormed: boolean): JsonNode {
    return new JsonReader(bytes, position, isWellFormed, true).#value() as JsonNode
  }

  #value(): JsonNode | ConnectValue {
    switch (this.#skipSpace()) {
      case QUOTE:
        return this.#string()
      case LEFT_BRACE:
        return this.#object()
      case LEFT_BRACKET:
        return this.#array()
      case LOWER_T:
        return this.#literal(4, true)
      case LOWER_F:
        return this.#literal(5, false)
      case LOWER_N:
        return this.#literal(4, null)
      default:
        return this.#number()
    }
  }

  #skipSpace(): number {
    for (;;) {
      const byte = this.#bytes[this.#at] ?? -1
      if (byte !== SPACE && byte !== NEWLINE && byte !== RETURN && byte !== TAB) return byte
      this.#at++
    }
  }

  #literal<Value>(length: number, value: Value): Value {
    this.#at += length
    return value
  }

  #array(): JsonNode | ConnectValue {
    const elements: (JsonNode | ConnectValue)[] = []
    this.#at++
    while (this.#skipSpace() !== RIGHT_BRACKET) {
      if (this.#bytes[this.#at] === COMMA) this.#at++
      elements.push(this.#value())
    }
    this.#at++
    return elements as ConnectValue[]
  }

  #object(): JsonNode | ConnectValue {
    const object: Record<string, JsonNode | ConnectValue> = {}
    this.#at++
    while (this.#skipSpace() !== RIGHT_BRACE) {
      if (this.#bytes[this.#at] === COMMA) this.#at++
      this.#skipSpace()
      const name = this.#string()
      this.#skipSpace()
      this.#at++
      setOwn(object, name, this.#value())
    }
    this.#at++
    return object as ConnectStruct
  }

  #string(): string {
    const from = this.#at + 1
    let at = from
    let hasEscape = false
    for (;;) {
      const byte = this.#bytes[at]
      if (byte === QUOTE) break
      if (byte === BACKSLASH) hasEscape = true
      at += byte === BACKSLASH ? 2 : 1
    }
    this.#at = at + 1
    return hasEscape || !this.#isWellFormed ? decodeString(this.#bytes, from, at) : this.#bytes.toString('utf8', from, at)
  }

  #number(): JsonNumber | number | bigint | Double {
    const from = this.#at
    while (isNumberByte(this.#bytes[this.#at] ?? 0)) this.#at++
    const text = this.#bytes.toString('latin1', from, this.#at)
    const number = Number(text)
    if (String(number) === text && (Number.isSafeInteger(number) || !Number.isInteger(number))) return number
    const node = new JsonNumber(text)
    // Leading zeros and -0: adding zero takes the sign off the latter.
    if (node.isIntegral && Number.isSafeInteger(number)) return number + 0
    return this.#keepNumbers ? node : node.toConnectValue()
  }
}

/** Sets an own property, whatever its name. */
function setOwn(object: object, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  else (object as Record<string, unknown>)[name] = value
}

function isNumberByte(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || byte === 43 || byte === 45 || byte === 46 || byte === 69 || byte === 101
}

const escapes: ReadonlyMap<number, string> = new Map([
  [98, '\b'],
  [102, '\f'],
  [110, '\n'],
  [114, '\r'],
  [116, '\t'],
])

/** Decodes escapes, and UTF-8 as Jackson does: overlong forms and surrogates are taken as they are. */
function decodeString(bytes: Buffer, from: number, to: number): string {
  let text = ''
  let at = from
  while (at < to) {
    const byte = bytes[at] ?? 0
    if (byte === BACKSLASH) {
      const escape = bytes[at + 1] ?? 0
      const isUnicode = escape === LOWER_U
      text += isUnicode
        ? String.fromCharCode(Number.parseInt(bytes.toString('latin1', at + 2, at + 6), 16))
        : (escapes.get(escape) ?? String.fromCharCode(escape))
      at += isUnicode ? 6 : 2
    } else {
      const length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
      text += decodeCharacter(bytes, at, length)
      at += length
    }
  }
  return text
}

function decodeCharacter(bytes: Buffer, at: number, length: number): string {
  let code = (bytes[at] ?? 0) & (length === 1 ? 0x7f : 0xff >> (length + 1))
  for (let index = 1; index < length; index++) code = (code << 6) | ((bytes[at + index] ?? 0) & 0x3f)
  if (length < 4) return String.fromCharCode(code)
  const beyond = code - 0x1_00_00
  return String.fromCharCode(0xd800 | (beyond >> 10), 0xdc00 | (beyond & 0x3ff))
}
