import { asciiDigits } from '../api/java-digits.ts'

const LONG = /^[+-]?\d+$/
const DOUBLE = /^([+-]?)(?:(NaN)|(Infinity)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?)$/
const HEX_DOUBLE = /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)[fFdD]?$/

const [POINT, ZERO, NINE] = [0x2e, 0x30, 0x39] as const

/** Java's Byte.parseByte and its kin, which take the digits of any script. Null: no such number, or more than the bits hold. */
export function parseJavaLong(digits: string, bits: number): bigint | null {
  const text = asciiDigits(digits)
  if (!LONG.test(text)) return null
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return BigInt.asIntN(bits, value) === value ? value : null
}

/** Java's Double.parseDouble: blanks around, a letter of the type behind and hexadecimal digits are allowed. Null: no such number. */
export function parseJavaDouble(text: string): number | null {
  if (isPlainDecimal(text)) return Number(text)
  const trimmed = text.replace(/^[\0- ]+|[\0- ]+$/g, '')
  const [, sign, notANumber, infinity, digits] = DOUBLE.exec(trimmed) ?? []
  if (sign === undefined) return parseHexDouble(trimmed)
  if (notANumber !== undefined) return NaN
  const magnitude = infinity === undefined ? Number(digits) : Infinity
  return sign === '-' ? -magnitude : magnitude
}

/** Digits with one point or none among them: what most texts are, and what needs no expression. */
function isPlainDecimal(text: string): boolean {
  let digits = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code >= ZERO && code <= NINE) digits++
    else if (code !== POINT) return false
  }
  return digits > 0 && digits >= text.length - 1
}

function parseHexDouble(text: string): number | null {
  const [, sign, whole = '', fraction = '', exponent] = HEX_DOUBLE.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') return null
  const magnitude = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -magnitude : magnitude
}
