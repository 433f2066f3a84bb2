import { doubleText } from '../../api/data/java-number-text.ts'
import type { Decimal } from '../../api/data/decimal.ts'
import { DATE_NAME, DECIMAL_NAME, DecimalLogical, TIMESTAMP_NAME } from '../../api/data/logical.ts'
import type { Schema } from '../../api/data/schema.ts'
import { valueOfText } from '../../api/data/text-struct.ts'
import { quoteJson } from './json-string.ts'

/** JSON of one of `FieldTexts`. */
export type TextWriter = (text: string) => string

/** The short way from a field's text to its JSON; null: there is none, the value has to be made. */
export function textWriterOf(schema: Schema, isNumericDecimal: boolean): TextWriter | null {
  const { type, name } = schema
  if (name === DECIMAL_NAME) return isNumericDecimal ? null : decimalWriter(schema)
  if (name === DATE_NAME || name === TIMESTAMP_NAME) return asItIs
  if (name !== null && name.startsWith('org.apache.kafka.connect.data.')) return null
  switch (type) {
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'INT64':
    case 'BOOLEAN':
      return asItIs
    case 'STRING':
      return quoteJson
    case 'BYTES':
      return inQuotes
    case 'FLOAT64':
      return doubleJson
    default:
      return null
  }
}

function asItIs(text: string): string {
  return text
}

function inQuotes(text: string): string {
  return `"${text}"`
}

/** JSON has no NaN and no infinity: they are written as strings. */
function doubleJson(text: string): string {
  const value = Number(text)
  return Number.isFinite(value) ? doubleText(value) : `"${String(value)}"`
}

const scratch = Buffer.alloc(8)

/** Base64 of the two's complement: by plain numbers as far as they are exact. */
function decimalWriter(schema: Schema): TextWriter {
  return (text) => {
    const point = text.indexOf('.')
    const digits = point < 0 ? text : text.slice(0, point) + text.slice(point + 1)
    if (digits.length < 16) return `"${base64Of(Number(digits))}"`
    return `"${DecimalLogical.fromLogical(schema, valueOfText(schema, text) as Decimal).toString('base64')}"`
  }
}

/** @param unscaled below 10^15 and exact: it takes 7 bytes at most */
function base64Of(unscaled: number): string {
  const high = Math.floor(unscaled / 0x1_0000_0000)
  scratch.writeInt32BE(high, 0)
  scratch.writeUInt32BE(unscaled - high * 0x1_0000_0000, 4)
  let at = 0
  while (at < 7 && repeatsSign(scratch[at] as number, scratch[at + 1] as number)) at++
  return scratch.toString('base64', at)
}

/** The shortest form leaves such bytes out. */
function repeatsSign(byte: number, next: number): boolean {
  return (byte === 0 && next < 128) || (byte === 255 && next >= 128)
}
