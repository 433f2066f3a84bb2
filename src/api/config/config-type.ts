import { ConfigException } from '../errors.ts'
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
      return value === '' ? [] : value.split(LIST_SEPARATOR)
    case 'double':
      return parseDouble(name, text, value)
    case 'int':
    case 'short':
    case 'long':
      return parseInteger(name, text, value, type)
  }
}

function parseBoolean(name: string, text: string, value: string): boolean {
  const lowered = value.toLowerCase()
  if (lowered === 'true') return true
  if (lowered === 'false') return false
  throw ConfigException.forKey(name, text, 'Expected value to be either true or false')
}

function parseDouble(name: string, text: string, value: string): number {
  if (!DECIMAL_DOUBLE.test(value)) throw ConfigException.forKey(name, text, 'Not a number of type DOUBLE')
  return Number(/[fFdD]$/.test(value) ? value.slice(0, -1) : value)
}

function parseInteger(name: string, text: string, value: string, type: 'int' | 'short' | 'long'): number | bigint {
  const notANumber = () => ConfigException.forKey(name, text, `Not a number of type ${type.toUpperCase()}`)
  if (!INTEGER.test(value)) throw notANumber()
  const exact = BigInt(value.startsWith('+') ? value.slice(1) : value)
  const [least, most] = RANGES[type]
  if (exact < least || exact > most) throw notANumber()
  const number = Number(exact)
  return Number.isSafeInteger(number) ? number : exact
}

/** The text Java shows for a value: in REST answers and tables (ConfigDef#convertToString). Null stays null. */
export function configText(value: ConfigInput, type: ConfigType): string | null {
  if (value === null) return null
  if (typeof value === 'number' && type === 'double') return javaDoubleText(value)
  if (Array.isArray(value)) return value.join(',')
  return String(value)
}

/** The text of a value inside Java's error sentences, where lists are bracketed. */
export function javaText(value: ConfigInput): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}

/** Java's Double.toString: at least one digit after the point, exponent outside of 1e-3 to 1e7. */
export function javaDoubleText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const size = Math.abs(value)
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value)
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
}
