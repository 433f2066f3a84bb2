import { doubleText } from '../data/java-number-text.ts'
import { ConfigException } from '../errors.ts'
import { asciiDigits } from '../java-digits.ts'
import { javaTrim } from '../java-trim.ts'
import { Password } from './password.ts'

/** Connect's configuration types and what a parsed value of each is. */
export interface ConfigTypes {
  boolean: boolean
  /** Trimmed. */
  string: string
  /** 32 bit. */
  int: number
  /** 16 bit. */
  short: number
  /**
   * 64 bit. Every integer up to 2^53 is exact; what lies beyond means "no limit" in every key there is and becomes the nearest number
   * (Long.MAX_VALUE is 2^63). `ConfigDef.validate` keeps all digits, as a bigint.
   */
  long: number
  double: number
  /** Split on commas, blanks around items removed, empty items kept. */
  list: readonly string[]
  /** A class name or alias, not resolved. */
  class: string
  /** Give defaults as text. */
  password: Password
}

/** The name of a type, as declarations have it. */
export type ConfigType = keyof ConfigTypes

/** A value of any type, or null. A bigint is a long that a number cannot hold. */
export type ConfigInput = ConfigTypes[ConfigType] | bigint | null

const RANGES = {
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
} as const

const INTEGER = /^[+-]?\d+$/
const DECIMAL_DOUBLE = /^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/
const HEXADECIMAL_DOUBLE = /^([+-]?)0[xX](?=\.?[0-9a-fA-F])([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)[fFdD]?$/
const LIST_SEPARATOR = /[ \t\n\v\f\r]*,[ \t\n\v\f\r]*/

/**
 * Parses the text of a key as Apache Kafka 4.3 does (ConfigDef#parseType). Long values beyond 2^53 come as bigint.
 * @throws ConfigException with Java's sentence
 */
export function parseType(name: string, text: string | null, type: ConfigType): ConfigInput {
  if (text === null) return null
  const value = javaTrim(text)
  switch (type) {
    case 'string':
    case 'class':
      return value
    case 'password':
      return new Password(value)
    case 'boolean':
      return parseBoolean(name, text, value)
    case 'list':
      return parseList(text)
    case 'double':
      return parseDouble(name, text, value)
    case 'int':
    case 'short':
    case 'long':
      return parseInteger(name, text, value, type)
  }
}

/** The items of a list: blanks around them removed, empty ones kept; a blank text has none. */
export function parseList(text: string): readonly string[] {
  const value = javaTrim(text)
  return value === '' ? [] : value.split(LIST_SEPARATOR)
}

function parseBoolean(name: string, text: string, value: string): boolean {
  const folded = value.toUpperCase()
  if (folded === 'TRUE') return true
  if (folded === 'FALSE') return false
  throw ConfigException.forKey(name, text, 'Expected value to be either true or false')
}

function parseDouble(name: string, text: string, value: string): number {
  const hexadecimal = HEXADECIMAL_DOUBLE.exec(value)
  if (hexadecimal !== null) return hexadecimalDouble(hexadecimal)
  if (!DECIMAL_DOUBLE.test(value)) throw ConfigException.forKey(name, text, 'Not a number of type DOUBLE')
  return Number(/[fFdD]$/.test(value) ? value.slice(0, -1) : value)
}

/** `0x1.8p3` is 1.5 × 2^3. */
function hexadecimalDouble([, sign, whole = '', fraction = '', exponent]: RegExpExecArray): number {
  const magnitude = Number.parseInt(whole + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -magnitude : magnitude
}

function parseInteger(name: string, text: string, value: string, type: 'int' | 'short' | 'long'): number | bigint {
  const notANumber = () => ConfigException.forKey(name, text, `Not a number of type ${type.toUpperCase()}`)
  const digits = asciiDigits(value)
  if (!INTEGER.test(digits)) throw notANumber()
  const exact = BigInt(digits.startsWith('+') ? digits.slice(1) : digits)
  const [least, most] = RANGES[type]
  if (exact < least || exact > most) throw notANumber()
  const number = Number(exact)
  return Number.isSafeInteger(number) ? number : exact
}

/** The text Java shows for a value: in REST answers and tables (ConfigDef#convertToString). Null stays null. */
export function configText(value: ConfigInput, type: ConfigType): string | null {
  if (value === null) return null
  if (typeof value === 'number' && type === 'double') return doubleText(value)
  if (Array.isArray(value)) return value.join(',')
  return String(value)
}
