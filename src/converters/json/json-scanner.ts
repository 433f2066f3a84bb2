import { JsonParseException } from './json-parse-exception.ts'

/** As Jackson 2.21 limits them (StreamReadConstraints). */
const maxDepth = 1000
const maxNumberLength = 1000
/** Of a BigDecimal, which Jackson reads numbers into. */
const maxScale = 2_147_483_647

/** Beyond 15 digits JavaScript may not keep an integer. */
const exactDigits = 15

const [TAB, NEWLINE, RETURN, SPACE, QUOTE, PLUS, COMMA, MINUS, DOT, ZERO, NINE, COLON] = [
  9, 10, 13, 32, 34, 43, 44, 45, 46, 48, 57, 58,
] as const
const [LEFT_BRACKET, BACKSLASH, RIGHT_BRACKET, LEFT_BRACE, RIGHT_BRACE] = [91, 92, 93, 123, 125] as const
const [UPPER_E, LOWER_E, LOWER_F, LOWER_N, LOWER_T, LOWER_U] = [69, 101, 102, 110, 116, 117] as const

/** 1 for bytes that stand for themselves in a string. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0))
const isShortEscape = Uint8Array.from({ length: 256 }, (_, byte) => ('"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0))
const isHex = Uint8Array.from({ length: 256 }, (_, byte) => (/[0-9a-fA-F]/.test(String.fromCharCode(byte)) ? 1 : 0))

/**
 * Checks UTF-8 bytes for one JSON value as Jackson reads it (leading zeros allowed, what follows the value ignored), without
 * allocating or decoding anything, and finds out how the value may be read and passed on. Reusable; the flags tell of the last scan.
 */
export class JsonScanner {
  /** JSON.parse gives exactly Java's values: no number that JavaScript would change or whose text tells long from double, no escape in a name. */
  isExact = true
  /** The text is JSON by the standard, so that others can read it: no leading zeros, well-formed UTF-8. */
  isStandard = true
  /** Strings are well-formed UTF-8. */
  isWellFormed = true
  /** There is a line break in what was skipped, so between the tokens or around the value. */
  hasLineBreak = false
  readonly #isObject = new Uint8Array(maxDepth + 1)
  #bytes: Uint8Array = new Uint8Array(0)
  #end = 0
  #lastEscape = -1

  /** Begins with other bytes: clears the flags. */
  reset(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#end = bytes.length
    this.isExact = true
    this.isStandard = true
    this.isWellFormed = true
    this.hasLineBreak = false
    this.#lastEscape = -1
  }

  /** The first position at or behind this one that is not white space. */
  skipSpace(position: number): number {
    const bytes = this.#bytes
    if ((bytes[position] as number) > SPACE) return position
    let at = position
    for (;;) {
      const byte = bytes[at]
      if (byte === NEWLINE || byte === RETURN) this.hasLineBreak = true
      else if (byte !== SPACE && byte !== TAB) return at
      at++
    }
  }

  /** The byte there; -1 behind the end. */
  byteAt(position: number): number {
    return this.#bytes[position] ?? -1
  }

  /**
   * Checks the value that begins at or behind `position`. @param outerDepth arrays and objects it stands in
   * @returns the position behind it
   * @throws JsonParseException
   */
  value(position: number, outerDepth = 0): number {
    const isObject = this.#isObject
    const bytes = this.#bytes
    let depth = outerDepth
    let at = position
    for (;;) {
      let byte = bytes[at] as number
      // Behind the end there is undefined, which is not greater either.
      if (!(byte > SPACE)) {
        at = this.skipSpace(at)
        byte = this.byteAt(at)
      }
      if (byte === LEFT_BRACE || byte === LEFT_BRACKET) {
        if (++depth > maxDepth) throw this.problem(`Nesting deeper than ${String(maxDepth)}`, at)
        isObject[depth] = byte === LEFT_BRACE ? 1 : 0
        at = this.skipSpace(at + 1)
        if (this.byteAt(at) !== byte + 2) {
          if (byte === LEFT_BRACE) at = this.key(at)
          continue
        }
      } else {
        // Strings go straight to their loop, so that it is compiled into this one.
        at = byte === QUOTE ? this.#string(at + 1) : this.#scalar(at, byte, depth === 0)
        if (depth === outerDepth) return at
        at = this.skipSpace(at)
      }
      // Behind a value, or on the closing bracket of an empty one: close what ends here, then go to the next member.
      for (;;) {
        const next = bytes[at]
        if (next === COMMA) {
          at = isObject[depth] === 1 ? this.key(this.skipSpace(at + 1)) : at + 1
          break
        }
        if (next !== (isObject[depth] === 1 ? RIGHT_BRACE : RIGHT_BRACKET))
          throw this.unexpected(at, isObject[depth] === 1 ? "',' or '}'" : "',' or ']'")
        at++
        if (--depth === outerDepth) return at
        at = this.skipSpace(at)
      }
    }
  }

  /**
   * Checks a member's name and its colon. A name with an escape is not exact: V8 13 takes the name that it expects there, from an
   * object parsed before, if the escaped text begins with it (`\\` and then `"` written as `\"`).
   * @returns the position behind the colon
   */
  key(position: number): number {
    const bytes = this.#bytes
    if (bytes[position] !== QUOTE) throw this.unexpected(position, 'a field name in double quotes')
    const colon = this.skipSpace(this.#string(position + 1))
    if (this.#lastEscape > position) this.isExact = false
    if (bytes[colon] !== COLON) throw this.unexpected(colon, "':'")
    return colon + 1
  }

  unexpected(position: number, expected: string): JsonParseException {
    const found = position >= this.#end ? 'Unexpected end of input' : 'Unexpected character'
    return this.problem(`${found}, expected ${expected},`, position)
  }

  problem(text: string, position: number): JsonParseException {
    return new JsonParseException(text, this.#bytes, Math.min(position, this.#end))
  }

  #scalar(at: number, byte: number, isRoot: boolean): number {
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) return this.#number(at, isRoot)
    if (byte === LOWER_T) return this.#literal(at, 'true')
    if (byte === LOWER_F) return this.#literal(at, 'false')
    if (byte === LOWER_N) return this.#literal(at, 'null')
    throw this.unexpected(at, 'a JSON value')
  }

  #literal(at: number, word: string): number {
    for (let index = 1; index < word.length; index++) {
      if (this.byteAt(at + index) !== word.charCodeAt(index)) throw this.unexpected(at + index, word)
    }
    const end = at + word.length
    if (isWordByte(this.byteAt(end))) throw this.unexpected(end, `the end of ${word}`)
    return end
  }

  #string(from: number): number {
    const bytes = this.#bytes
    const end = this.#end
    let at = from
    for (;;) {
      // Behind the end isPlain[undefined] is not 1 either. Four at a time take a fifth less of the whole scan.
      for (;;) {
        if (isPlain[bytes[at] as number] !== 1) break
        if (isPlain[bytes[++at] as number] !== 1) break
        if (isPlain[bytes[++at] as number] !== 1) break
        if (isPlain[bytes[++at] as number] !== 1) break
        at++
      }
      if (bytes[at] === QUOTE) return at + 1
      const byte = this.byteAt(at)
      if (byte === BACKSLASH) at = this.#escape(at + 1)
      else if (byte >= 0x80) at = this.#multiByte(at, byte)
      else throw at >= end ? this.problem('Unexpected end of input in a string', at) : this.problem('Control character in a string', at)
    }
  }

  #escape(at: number): number {
    this.#lastEscape = at
    const byte = this.byteAt(at)
    if (byte === LOWER_U) {
      for (let index = 1; index <= 4; index++)
        if (isHex[this.byteAt(at + index)] !== 1) throw this.unexpected(at + index, 'a hexadecimal digit')
      return at + 5
    }
    if (isShortEscape[byte] !== 1) throw this.unexpected(at, 'an escape character')
    return at + 1
  }

  /** As lenient as Jackson about overlong forms and surrogates, which make the text non-standard. */
  #multiByte(at: number, lead: number): number {
    const length = lead >= 0xf8 || lead < 0xc0 ? 0 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
    if (length === 0) throw this.problem('Invalid UTF-8 start byte', at)
    for (let index = 1; index < length; index++) {
      if ((this.byteAt(at + index) & 0xc0) !== 0x80) throw this.problem('Invalid UTF-8 middle byte', at + index)
    }
    if (!isWellFormedLead(lead, this.byteAt(at + 1))) {
      this.isWellFormed = false
      this.isStandard = false
      this.isExact = false
    }
    return at + length
  }

  #number(start: number, isRoot: boolean): number {
    const first = this.byteAt(start) === MINUS ? start + 1 : start
    let at = this.#digits(first, 'a digit')
    const wholeDigits = at - first
    let digits = wholeDigits
    if (wholeDigits > 1 && this.byteAt(first) === ZERO) this.#leadingZeros()
    if (this.byteAt(at) === DOT) {
      const fraction = at + 1
      at = this.#digits(fraction, 'a digit behind the decimal point')
      digits += at - fraction
      if (this.#isZeros(fraction, at)) this.isExact = false
    } else if (digits > exactDigits || (first !== start && this.#isZeros(first, at) && !this.#hasExponent(at))) {
      this.isExact = false
    }
    if (this.#hasExponent(at)) at = this.#exponent(at, digits - wholeDigits)
    else if (digits > exactDigits && digits > wholeDigits && this.#readsAsWhole(start, at)) this.isExact = false
    if (at - start > maxNumberLength && at - this.#skipZeros(first, at) > maxNumberLength)
      throw this.problem(`Number longer than ${String(maxNumberLength)} characters`, start)
    if (isRoot && at < this.#end && this.skipSpace(at) === at) throw this.unexpected(at, 'white space or the end behind a number')
    return at
  }

  #leadingZeros(): void {
    this.isExact = false
    this.isStandard = false
  }

  #hasExponent(at: number): boolean {
    const byte = this.byteAt(at)
    return byte === LOWER_E || byte === UPPER_E
  }

  #exponent(at: number, fractionDigits: number): number {
    this.isExact = false
    const sign = this.byteAt(at + 1)
    const from = sign === PLUS || sign === MINUS ? at + 2 : at + 1
    const to = this.#digits(from, 'a digit of the exponent')
    const magnitude = Number(String.fromCharCode(...this.#bytes.subarray(from, to)))
    const scale = sign === MINUS ? fractionDigits + magnitude : fractionDigits - magnitude
    if (magnitude > maxScale || Math.abs(scale) > maxScale) throw this.problem('Exponent beyond 32 bits', from)
    return to
  }

  #digits(from: number, expected: string): number {
    const bytes = this.#bytes
    const end = this.#end
    let at = from
    while (at < end && (bytes[at] as number) >= ZERO && (bytes[at] as number) <= NINE) at++
    if (at === from) throw this.unexpected(at, expected)
    return at
  }

  #isZeros(from: number, to: number): boolean {
    return this.#skipZeros(from, to) === to
  }

  #skipZeros(from: number, to: number): number {
    let at = from
    while (at < to && this.#bytes[at] === ZERO) at++
    return at
  }

  /** Whether rounding to a double leaves no fraction, as for 0.99999999999999999. */
  #readsAsWhole(from: number, to: number): boolean {
    return Number.isInteger(Number(String.fromCharCode(...this.#bytes.subarray(from, to))))
  }
}

function isWellFormedLead(lead: number, next: number): boolean {
  if (lead < 0xc2 || lead > 0xf4) return false
  if (lead === 0xe0) return next >= 0xa0
  if (lead === 0xed) return next < 0xa0
  if (lead === 0xf0) return next >= 0x90
  return lead !== 0xf4 || next < 0x90
}

/** Letters, digits and what else Java has in a word: such a byte may not follow `true`. */
function isWordByte(byte: number): boolean {
  return (
    byte >= 0x80 ||
    (byte >= ZERO && byte <= NINE) ||
    (byte >= 65 && byte <= 90) ||
    (byte >= 97 && byte <= 122) ||
    byte === 36 ||
    byte === 95
  )
}
