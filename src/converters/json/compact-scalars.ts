import { readPlainString } from './schemaless-reader.ts'

const [SPACE, QUOTE, MINUS, DOT, ZERO, BACKSLASH, DELETE] = [32, 34, 45, 46, 48, 92, 127] as const
const [LOWER_F, LOWER_N, LOWER_T] = [102, 110, 116] as const

declare global {
  interface Buffer {
    /** Node's own, behind `toString('latin1')`: without that one's way through its arguments short texts cost half. */
    latin1Slice(start: number, end: number): string
  }
}

/** Numbers of so many digits are exact as doubles, and so are the powers of ten they are divided by. */
const exactDigits = 15
const powersOfTen = Array.from({ length: exactDigits + 1 }, (_, exponent) => 10 ** exponent)
/** Whole numbers of so many digits are below 2^63. */
const longDigits = 18
const mostDigits = 100

/**
 * Reads scalars of JSON whose type is known. Each method gives undefined, or NaN, for a text that is not of the usual form; only
 * when it gives a value is `end` the position behind it. What comes there is for the caller to check: `1.5` is 1 for `whole`.
 */
export class CompactScalars {
  end = 0

  isNull(bytes: Buffer, at: number): boolean {
    if (bytes[at] !== LOWER_N || bytes[at + 1] !== 117 || bytes[at + 2] !== 108 || bytes[at + 3] !== 108) return false
    this.end = at + 4
    return true
  }

  boolean(bytes: Buffer, at: number): boolean | undefined {
    if (bytes[at] === LOWER_T && bytes[at + 1] === 114 && bytes[at + 2] === 117 && bytes[at + 3] === 101) {
      this.end = at + 4
      return true
    }
    if (bytes[at] !== LOWER_F || bytes[at + 1] !== 97 || bytes[at + 2] !== 108 || bytes[at + 3] !== 115 || bytes[at + 4] !== 101)
      return undefined
    this.end = at + 5
    return false
  }

  string(bytes: Buffer, at: number): string | undefined {
    if (bytes[at] !== QUOTE) return undefined
    let to = at + 1
    let byte = bytes[to] as number
    while (byte >= SPACE && byte < DELETE && byte !== QUOTE && byte !== BACKSLASH) byte = bytes[++to] as number
    if (byte !== QUOTE) return this.#otherString(bytes, at, to)
    this.end = to + 1
    return bytes.latin1Slice(at + 1, to)
  }

  /** Up to 15 digits. */
  whole(bytes: Buffer, at: number): number {
    const number = this.#digits(bytes, bytes[at] === MINUS ? at + 1 : at)
    if (bytes[at] !== MINUS) return number
    return number === 0 ? Number.NaN : -number
  }

  /** Up to 18 digits. */
  long(bytes: Buffer, at: number): bigint | undefined {
    const number = this.whole(bytes, at)
    if (!Number.isNaN(number)) return BigInt(number)
    const first = bytes[at] === MINUS ? at + 1 : at
    const to = endOfDigits(bytes, first)
    if (to - first <= exactDigits || to - first > longDigits) return undefined
    this.end = to
    return BigInt(bytes.latin1Slice(at, to))
  }

  double(bytes: Buffer, at: number): number {
    const first = bytes[at] === MINUS ? at + 1 : at
    const whole = this.#digits(bytes, first)
    const dot = this.end
    if (Number.isNaN(whole)) return this.#longDouble(bytes, at)
    let number = whole
    if (bytes[dot] === DOT) {
      const to = endOfDigits(bytes, dot + 1)
      if (to === dot + 1) return Number.NaN
      if (to - first - 1 > exactDigits) return this.#longDouble(bytes, at)
      for (let place = dot + 1; place < to; place++) number = number * 10 + (bytes[place] as number) - ZERO
      number /= powersOfTen[to - dot - 1] as number
      this.end = to
    }
    if (first === at) return number
    return number === 0 ? Number.NaN : -number
  }

  /** The value of up to 15 digits, or NaN. Leading zeros are allowed, as in Jackson. */
  #digits(bytes: Buffer, first: number): number {
    let number = 0
    let at = first
    let digit = (bytes[at] as number) - ZERO
    while (digit >= 0 && digit <= 9) {
      number = number * 10 + digit
      digit = (bytes[++at] as number) - ZERO
    }
    const digits = at - first
    if (digits === 0 || digits > exactDigits) return Number.NaN
    this.end = at
    return number
  }

  #longDouble(bytes: Buffer, at: number): number {
    const first = bytes[at] === MINUS ? at + 1 : at
    const dot = endOfDigits(bytes, first)
    if (dot === first) return Number.NaN
    const to = bytes[dot] === DOT ? endOfDigits(bytes, dot + 1) : dot
    if (to === dot + 1 || to - first > mostDigits) return Number.NaN
    const number = Number(bytes.latin1Slice(at, to))
    this.end = to
    return number === 0 ? Number.NaN : number
  }

  /** One with an escape or a character beyond ASCII in it. */
  #otherString(bytes: Buffer, at: number, from: number): string | undefined {
    let to = from
    for (let byte = bytes[to]; byte !== QUOTE; byte = bytes[to]) {
      if (byte === undefined) return undefined
      to += byte === BACKSLASH ? 2 : 1
    }
    this.end = to + 1
    return readPlainString(bytes, at, to + 1) ?? undefined
  }
}

function endOfDigits(bytes: Buffer, from: number): number {
  let at = from
  for (let digit = (bytes[at] as number) - ZERO; digit >= 0 && digit <= 9; digit = (bytes[++at] as number) - ZERO);
  return at
}
