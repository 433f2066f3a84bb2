import type { ConnectStruct, ConnectValue } from './connect-value.ts'
import { Decimal } from './decimal.ts'
import { DAY_MS } from './java-date.ts'
import { DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME } from './logical.ts'
import type { SchemaAndValue } from './schema-and-value.ts'
import type { Schema } from './schema.ts'

/**
 * The fields of a struct as texts, in the order of its schema; null is a null value. Each is the one text of its value:
 *
 * | type | text |
 * | --- | --- |
 * | INT8 to INT64; Time, Timestamp | decimal digits, with a minus; milliseconds as Connect counts them |
 * | Date | the same, days since 1970 |
 * | FLOAT32, FLOAT64 | what `Number` reads; `NaN`, `Infinity` |
 * | BOOLEAN | `true`, `false` |
 * | STRING | itself |
 * | BYTES | base64 |
 * | Decimal | digits with as many behind a point as the schema's scale says; no exponent |
 */
export type FieldTexts = readonly (string | null)[]

/**
 * A struct of plain fields that a source has as texts. A converter that writes texts takes them as they are; the values are made when
 * somebody asks for them. Whoever makes one has checked the texts: the getter cannot throw.
 */
export class TextStruct implements SchemaAndValue {
  readonly schema: Schema
  readonly fieldTexts: FieldTexts
  readonly rawJson = null
  #value: ConnectStruct | null = null

  /** @param schema a STRUCT without fields of type ARRAY, MAP or STRUCT */
  constructor(schema: Schema, fieldTexts: FieldTexts) {
    this.schema = schema
    this.fieldTexts = fieldTexts
  }

  get value(): ConnectStruct {
    return (this.#value ??= structOf(this.schema, this.fieldTexts))
  }
}

function structOf({ fields }: Schema, texts: FieldTexts): ConnectStruct {
  const struct: Record<string, ConnectValue> = {}
  for (let index = 0; index < fields.length; index++) {
    const { name, schema } = fields[index] as (typeof fields)[number]
    const value = valueOfText(schema, texts[index] ?? null)
    if (name === '__proto__') Object.defineProperty(struct, name, { value, enumerable: true, writable: true, configurable: true })
    else struct[name] = value
  }
  return struct
}

/** The value of a field. @param text one of `FieldTexts` */
export function valueOfText(schema: Schema, text: string | null): ConnectValue {
  if (text === null) return null
  switch (schema.name) {
    case DECIMAL_NAME:
      return decimalOf(text)
    case DATE_NAME:
      return new Date(Number(text) * DAY_MS)
    case TIME_NAME:
    case TIMESTAMP_NAME:
      return new Date(Number(text))
    default:
      return plainValue(schema, text)
  }
}

function plainValue({ type }: Schema, text: string): ConnectValue {
  switch (type) {
    case 'STRING':
      return text
    case 'BOOLEAN':
      return text === 'true'
    case 'INT64':
      return BigInt(text)
    case 'BYTES':
      return Buffer.from(text, 'base64')
    case 'FLOAT32':
      return Math.fround(Number(text))
    default:
      return Number(text)
  }
}

function decimalOf(text: string): Decimal {
  const point = text.indexOf('.')
  if (point < 0) return new Decimal(BigInt(text), 0)
  return new Decimal(BigInt(text.slice(0, point) + text.slice(point + 1)), text.length - point - 1)
}
