import { asciiDigits } from '../api/java-digits.ts'

const LONG = /^[+-]?\d+$/
const DOUBLE = /^([+-]?)(?:(NaN)|(Infinity)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?)$/
const HEX_DOUBLE = /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)[fFdD]?$/

/** Java's Byte.parseByte and its kin, which take the digits of any script. Null: no such number, or more than the bits hold. */
export function parseJavaLong(digits: string, bits: number): bigint | null {
  const text = asciiDigits(digits)
  if (!LONG.test(text)) return null
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return BigInt.asIntN(bits, value) === value ? value : null
}

/** Java's Double.parseDouble: blanks around, a letter of the type behind and hexadecimal digits are allowed. Null: no such number. */
export function parseJavaDouble(text: string): number | null {
  const trimmed = text.replace(/^[\0- ]+|[\0- ]+$/g, '')
  const [, sign, notANumber, infinity, digits] = DOUBLE.exec(trimmed) ?? []
  if (sign === undefined) return parseHexDouble(trimmed)
  if (notANumber !== undefined) return NaN
  const magnitude = infinity === undefined ? Number(digits) : Infinity
  return sign === '-' ? -magnitude : magnitude
}

function parseHexDouble(text: string): number | null {
  const [, sign, whole = '', fraction = '', exponent] = HEX_DOUBLE.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') return null
  const magnitude = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -magnitude : magnitude
}
