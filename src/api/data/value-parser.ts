import { DataException } from '../errors.ts'
import { asciiDigits } from '../java-digits.ts'
import { javaTrim } from '../java-trim.ts'
import type { ConnectValue } from './connect-value.ts'
import { Decimal } from './decimal.ts'
import { fromLocalFields } from './java-date.ts'
import { DATE_SCHEMA, DecimalLogical, TIME_SCHEMA, TIMESTAMP_SCHEMA } from './logical.ts'
import { MergedSchema } from './merged-schema.ts'
import { NULL_VALUE, type SchemaAndValue } from './schema-and-value.ts'
import {
  BOOLEAN_SCHEMA,
  ConnectSchema,
  FLOAT32_SCHEMA,
  FLOAT64_SCHEMA,
  INT16_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  INT8_SCHEMA,
  STRING_SCHEMA,
  type Schema,
} from './schema.ts'
import { ValueTokenizer } from './value-tokenizer.ts'
import { widen } from './widen.ts'

/**
 * Finds out what a text stands for: null, boolean, number, date, time, array, map; else it is a string. Never fails.
 * Arrays whose elements have no common type have no element schema. Apache Kafka 4.3, Values#parseString.
 */
export function parseString(text: string): SchemaAndValue {
  if (text === '') return data(STRING_SCHEMA, text)
  return new ValueParser(text).parse(false) ?? NULL_VALUE
}

function data(schema: Schema, value: ConnectValue): SchemaAndValue {
  return { schema, value }
}

class ValueParser {
  readonly #tokens: ValueTokenizer

  constructor(text: string) {
    this.#tokens = new ValueTokenizer(text)
  }

  /** @returns null for the literal null @throws DataException when an embedded value cannot be read */
  parse(isEmbedded: boolean): SchemaAndValue | null {
    const tokens = this.#tokens
    if (!tokens.hasNext()) return null
    if (isEmbedded && tokens.canConsume('"')) return this.#quoted()
    if (this.#isLiteral('null', isEmbedded)) return null
    if (this.#isLiteral('true', isEmbedded)) return data(BOOLEAN_SCHEMA, true)
    if (this.#isLiteral('false', isEmbedded)) return data(BOOLEAN_SCHEMA, false)
    const container = this.#container()
    if (container !== null) return container
    const token = tokens.next()
    const trimmed = javaTrim(token)
    return trimmed === '' ? data(STRING_SCHEMA, token) : this.#scalar(trimmed, isEmbedded)
  }

  /** At top level only where nothing follows: `true}` is a string. */
  #isLiteral(literal: string, isEmbedded: boolean): boolean {
    const start = this.#tokens.mark()
    if (this.#tokens.canConsume(literal) && (isEmbedded || !this.#tokens.hasNext())) return true
    this.#tokens.rewindTo(start)
    return false
  }

  /** Null when it is none, or is broken: then it is looked at again as something else. */
  #container(): SchemaAndValue | null {
    const start = this.#tokens.mark()
    try {
      if (this.#tokens.canConsume('[')) return this.#array()
      if (this.#tokens.canConsume('{')) return this.#map()
    } catch (error) {
      if (!(error instanceof DataException)) throw error
      this.#tokens.rewindTo(start)
    }
    return null
  }

  #array(): SchemaAndValue {
    const tokens = this.#tokens
    const elements: ConnectValue[] = []
    const elementSchema = new MergedSchema()
    while (tokens.hasNext()) {
      if (tokens.canConsume(']')) return arrayOf(elements, elementSchema.common)
      if (tokens.canConsume(',')) throw this.#problem('Unable to parse an empty array element')
      const element = this.parse(true)
      elementSchema.add(element?.schema ?? null)
      elements.push(element?.value ?? null)
      const end = tokens.mark()
      if (tokens.canConsume(']')) tokens.rewindTo(end)
      else if (!tokens.canConsume(',')) throw this.#problem("Array elements missing ',' delimiter")
    }
    throw this.#problem("Array is missing terminating ']'")
  }

  #map(): SchemaAndValue {
    const tokens = this.#tokens
    const entries: [ConnectValue, ConnectValue][] = []
    const keySchema = new MergedSchema()
    const valueSchema = new MergedSchema()
    while (tokens.hasNext()) {
      if (tokens.canConsume('}')) return mapOf(entries, keySchema.common, valueSchema.common)
      if (tokens.canConsume(',')) throw this.#problem('Unable to parse a map entry with no key or value')
      const key = this.parse(true)
      if (key === null) throw this.#problem('Map entry may not have a null key')
      if (!tokens.canConsume(':')) throw this.#problem("Map entry is missing ':'")
      const value = this.parse(true)
      entries.push([key.value, value?.value ?? null])
      tokens.canConsume(',')
      keySchema.add(key.schema)
      valueSchema.add(value?.schema ?? null)
    }
    throw this.#problem("Map is missing terminating '}'")
  }

  /** Backslashes are kept. A text that is a date, time or timestamp becomes one. */
  #quoted(): SchemaAndValue {
    let content = ''
    while (this.#tokens.hasNext() && !this.#tokens.canConsume('"')) content += this.#tokens.next()
    return temporal(content) ?? data(STRING_SCHEMA, content)
  }

  #scalar(token: string, isEmbedded: boolean): SchemaAndValue {
    const isDigitFirst = /^\p{Nd}/u.test(token)
    const found = (isDigitFirst ? this.#temporal(token) : null) ?? (isDigitFirst || /^[+-]/.test(token) ? parseNumber(token) : null)
    if (found !== null) return found
    if (isEmbedded) throw this.#problem('Failed to parse embedded value')
    return data(STRING_SCHEMA, this.#tokens.original)
  }

  /** Colons split a time into five tokens, unless they are escaped. */
  #temporal(token: string): SchemaAndValue | null {
    const start = this.#tokens.mark()
    const rest = this.#tokens.nextJoined(4)
    const found = rest === null ? null : temporal(token + rest)
    if (found !== null) return found
    this.#tokens.rewindTo(start)
    return temporal(token)
  }

  #problem(text: string): DataException {
    return new DataException(`${text}: ${this.#tokens.original}`)
  }
}

function arrayOf(elements: readonly ConnectValue[], elementSchema: Schema | null): SchemaAndValue {
  const schema = new ConnectSchema({ type: 'ARRAY', valueSchema: elementSchema })
  return data(schema, elementSchema === null ? elements : elements.map((element) => widen(elementSchema, element)))
}

/** Values keep their classes when the keys have none in common. */
function mapOf(
  entries: readonly (readonly [ConnectValue, ConnectValue])[],
  keySchema: Schema | null,
  commonValueSchema: Schema | null,
): SchemaAndValue {
  const valueSchema = keySchema === null ? null : commonValueSchema
  const schema = new ConnectSchema({ type: 'MAP', keySchema, valueSchema })
  const aligned = entries.map(([key, value]) => {
    return [keySchema === null ? key : widen(keySchema, key), valueSchema === null ? value : widen(valueSchema, value)] as const
  })
  return data(schema, new Map(aligned))
}

const LONG_MAX = 2n ** 63n - 1n
const LONG_MIN = -(2n ** 63n)
/** Digits a long can have, one more for the sake of comparison. */
const maxLongDigits = 20

/** The smallest class that holds the number: whole numbers up to 64 bits, then FLOAT32, FLOAT64, Decimal. Null: not a number. */
function parseNumber(token: string): SchemaAndValue | null {
  const decimal = Decimal.parse(token)
  if (decimal === null) return null
  return wholeNumber(decimal) ?? fraction(decimal)
}

function wholeNumber(decimal: Decimal): SchemaAndValue | null {
  const magnitude = decimal.unscaled.toString().length - decimal.scale
  if (decimal.unscaled === 0n) return data(INT8_SCHEMA, 0)
  if (magnitude > maxLongDigits || magnitude < 0) return null
  const whole = decimal.toBigInt()
  const isWhole = decimal.scale <= 0 || whole * 10n ** BigInt(decimal.scale) === decimal.unscaled
  return isWhole && whole >= LONG_MIN && whole <= LONG_MAX ? integer(whole) : null
}

function integer(value: bigint): SchemaAndValue {
  if (BigInt.asIntN(8, value) === value) return data(INT8_SCHEMA, Number(value))
  if (BigInt.asIntN(16, value) === value) return data(INT16_SCHEMA, Number(value))
  return BigInt.asIntN(32, value) === value ? data(INT32_SCHEMA, Number(value)) : data(INT64_SCHEMA, value)
}

function fraction(decimal: Decimal): SchemaAndValue {
  const double = decimal.toNumber()
  const float = Math.fround(double)
  if (decimal.scale !== 0 && Number.isFinite(float)) return data(FLOAT32_SCHEMA, float)
  if (decimal.scale !== 0 && Number.isFinite(double)) return data(FLOAT64_SCHEMA, double)
  return data(DecimalLogical.schema(decimal.scale), decimal)
}

/** As Java's SimpleDateFormat: digits and blanks are not counted, and what follows the last field is not looked at. */
const timePattern = /^[ \t]*(-?\d+):[ \t]*(-?\d+):[ \t]*(-?\d+)\.[ \t]*(-?\d+)Z/
const datePattern = /^[ \t]*(-?\d+)-[ \t]*(-?\d+)-[ \t]*(-?\d+)/
const timestampPattern = /^[ \t]*(-?\d+)-[ \t]*(-?\d+)-[ \t]*(-?\d+)T[ \t]*(-?\d+):[ \t]*(-?\d+):[ \t]*(-?\d+)\.[ \t]*(-?\d+)Z/

/** Date, time or timestamp by the length of the text; null: none of them. */
function temporal(token: string): SchemaAndValue | null {
  const text = asciiDigits(token.replaceAll('\\:', ':'))
  switch (text.length) {
    case '14:34:54.346Z'.length:
      return dated(TIME_SCHEMA, prepended(timePattern.exec(text)))
    case '2019-08-23'.length:
      return dated(DATE_SCHEMA, datePattern.exec(text)?.slice(1) ?? null)
    case '2019-08-23T14:34:54.346Z'.length:
      return dated(TIMESTAMP_SCHEMA, timestampPattern.exec(text)?.slice(1) ?? null)
    default:
      return null
  }
}

function prepended(match: RegExpExecArray | null): readonly string[] | null {
  return match === null ? null : ['1970', '1', '1', ...match.slice(1)]
}

function dated(schema: Schema, fields: readonly string[] | null): SchemaAndValue | null {
  if (fields === null) return null
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0] = fields.map(Number)
  return data(schema, fromLocalFields({ year, month, day, hour, minute, second, millisecond }))
}
