import type { ConnectStruct, ConnectValue } from '../../api/data/connect-value.ts'
import { Decimal } from '../../api/data/decimal.ts'
import { Double } from '../../api/data/double.ts'
import { javaClass } from '../../api/data/java-class.ts'
import { doubleText, floatText } from '../../api/data/java-number-text.ts'
import {
  DATE_NAME,
  DateLogical,
  DECIMAL_NAME,
  DecimalLogical,
  TIME_NAME,
  TimeLogical,
  TIMESTAMP_NAME,
  TimestampLogical,
} from '../../api/data/logical.ts'
import type { Schema } from '../../api/data/schema.ts'
import { instanceChecks } from '../../api/data/struct.ts'
import { DataException } from '../../api/errors.ts'
import { quoteJson } from './json-string.ts'
import { plainJson } from './plain-json.ts'
import { textWriterOf, type TextWriter } from './text-writer.ts'
import { valueOfText, type FieldTexts } from '../../api/data/text-struct.ts'

export interface PayloadWriterOptions {
  readonly decimalFormat: 'BASE64' | 'NUMERIC'
  readonly replaceNullWithDefault: boolean
}

/** Names of schemaless members that are remembered. */
const maxNames = 1000

/** Connect data as JSON text, byte for byte as Jackson writes it. Apache Kafka 4.3, JsonConverter#convertToJson. */
export class PayloadWriter {
  readonly #isNumericDecimal: boolean
  readonly #replaceNullWithDefault: boolean
  readonly #names = new Map<string, string>()
  /** Per struct schema the text before each field's value: `{"id":`, `,"name":`. */
  readonly #fieldPrefixes = new WeakMap<Schema, readonly string[]>()
  readonly #textWriters = new WeakMap<Schema, readonly (TextWriter | null)[]>()

  constructor(options: PayloadWriterOptions) {
    this.#isNumericDecimal = options.decimalFormat === 'NUMERIC'
    this.#replaceNullWithDefault = options.replaceNullWithDefault
  }

  /** @throws DataException when the value does not fit the schema, or without one has no JSON form */
  write(schema: Schema | null, value: ConnectValue | undefined): string {
    if (schema === null) return (typeof value === 'object' && value !== null ? plainJson(value) : null) ?? this.#schemaless(value)
    if (value === null || value === undefined) return this.#null(schema)
    if (schema.name !== null) {
      const logical = this.#logical(schema, schema.name, value)
      if (logical !== null) return logical
    }
    return this.#typed(schema, value)
  }

  /** A struct from the texts of its fields. @throws DataException as `write` would for its value */
  writeTexts(schema: Schema, texts: FieldTexts): string {
    const { fields } = schema
    if (fields.length === 0) return '{}'
    const prefixes = this.#prefixesOf(schema)
    const writers = this.#writersOf(schema)
    let json = ''
    for (let index = 0; index < fields.length; index++) {
      const text = texts[index] ?? null
      const writer = writers[index] ?? null
      json += prefixes[index] as string
      json += text !== null && writer !== null ? writer(text) : this.#fromText((fields[index] as (typeof fields)[number]).schema, text)
    }
    return `${json}}`
  }

  #fromText(schema: Schema, text: string | null): string {
    return text === null ? this.#null(schema) : this.write(schema, valueOfText(schema, text))
  }

  #writersOf(schema: Schema): readonly (TextWriter | null)[] {
    const known = this.#textWriters.get(schema)
    if (known !== undefined) return known
    const writers = schema.fields.map((field) => textWriterOf(field.schema, this.#isNumericDecimal))
    this.#textWriters.set(schema, writers)
    return writers
  }

  /** What is written in place of null: the default, or null where that is allowed. */
  #null(schema: Schema): string {
    if (this.#replaceNullWithDefault && schema.defaultValue !== undefined) return this.write(schema, schema.defaultValue)
    if (schema.optional) return 'null'
    throw new DataException('Conversion error: null value for field that is required and has no default value')
  }

  #logical(schema: Schema, name: string, value: ConnectValue): string | null {
    switch (name) {
      case DECIMAL_NAME:
        return this.#decimal(schema, value)
      case DATE_NAME:
        return String(DateLogical.fromLogical(schema, requireDate(value, 'Date')))
      case TIME_NAME:
        return String(TimeLogical.fromLogical(schema, requireDate(value, 'Time')))
      case TIMESTAMP_NAME:
        return String(TimestampLogical.fromLogical(schema, requireDate(value, 'Timestamp')))
      default:
        return null
    }
  }

  #decimal(schema: Schema, value: ConnectValue): string {
    if (!(value instanceof Decimal)) throw new DataException(`Invalid type for Decimal, expected BigDecimal but was ${javaClass(value)}`)
    return this.#isNumericDecimal ? value.toString() : `"${DecimalLogical.fromLogical(schema, value).toString('base64')}"`
  }

  #typed(schema: Schema, value: ConnectValue): string {
    const { type } = schema
    if (type === 'BYTES' && !Buffer.isBuffer(value)) throw new DataException(`Invalid type for bytes type: ${javaClass(value)}`)
    if (!instanceChecks[type](value)) throw new DataException(`Invalid type for ${type}: ${javaClass(value)}`)
    // The check above has made sure of each of these classes.
    switch (type) {
      case 'STRING':
        return quoteJson(value as string)
      case 'FLOAT32':
        return finite(value as number, floatText)
      case 'FLOAT64':
        return finite(value as number, doubleText)
      case 'STRUCT':
        return this.#struct(schema, value as ConnectStruct)
      case 'ARRAY':
        return this.#array(schema.valueSchema, value as readonly ConnectValue[])
      case 'MAP':
        return this.#map(schema, value as ReadonlyMap<ConnectValue, ConnectValue>)
      case 'BYTES':
        return `"${(value as Buffer).toString('base64')}"`
      default:
        return (value as number | bigint | boolean).toString()
    }
  }

  #struct(schema: Schema, struct: ConnectStruct): string {
    const { fields } = schema
    if (fields.length === 0) return '{}'
    const prefixes = this.#prefixesOf(schema)
    let text = ''
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index] as (typeof fields)[number]
      const value = Object.hasOwn(struct, field.name) ? struct[field.name] : null
      text += (prefixes[index] as string) + this.write(field.schema, value)
    }
    return `${text}}`
  }

  #prefixesOf(schema: Schema): readonly string[] {
    const known = this.#fieldPrefixes.get(schema)
    if (known !== undefined) return known
    const prefixes = schema.fields.map((field, index) => `${index === 0 ? '{' : ','}${quoteJson(field.name)}:`)
    this.#fieldPrefixes.set(schema, prefixes)
    return prefixes
  }

  #array(elementSchema: Schema | null, elements: readonly ConnectValue[]): string {
    let text = ''
    for (const element of elements)
      text += (text === '' ? '' : ',') + (elementSchema === null ? this.#schemaless(element) : this.write(elementSchema, element))
    return `[${text}]`
  }

  /** An object where the keys are strings, else an array of pairs. */
  #map(schema: Schema, map: ReadonlyMap<ConnectValue, ConnectValue>): string {
    const { keySchema, valueSchema } = schema
    if (keySchema?.type !== 'STRING') return this.#pairs(keySchema, valueSchema, map)
    const members = Array.from(map, ([key, value]) => `${asFieldName(this.write(keySchema, key))}:${this.write(valueSchema, value)}`)
    return `{${members.join(',')}}`
  }

  #pairs(keySchema: Schema | null, valueSchema: Schema | null, map: ReadonlyMap<ConnectValue, ConnectValue>): string {
    return `[${Array.from(map, ([key, value]) => `[${this.write(keySchema, key)},${this.write(valueSchema, value)}]`).join(',')}]`
  }

  #schemaless(value: ConnectValue | undefined): string {
    switch (typeof value) {
      case 'string':
        return quoteJson(value)
      case 'number':
        return Number.isSafeInteger(value) ? String(value) : finite(value, doubleText)
      case 'boolean':
      case 'bigint':
        return String(value)
      case 'undefined':
        return 'null'
      default:
        return value === null ? 'null' : this.#schemalessObject(value)
    }
  }

  #schemalessObject(value: object): string {
    if (Array.isArray(value)) return this.#array(null, value as readonly ConnectValue[])
    if (value instanceof Double) return finite(value.valueOf(), doubleText)
    if (Buffer.isBuffer(value)) return `"${value.toString('base64')}"`
    if (value instanceof Map) return this.#schemalessMap(value as ReadonlyMap<ConnectValue, ConnectValue>)
    if (instanceChecks.STRUCT(value as ConnectValue)) return this.#schemalessStruct(value as ConnectStruct)
    throw new DataException(`Java class ${javaClass(value as ConnectValue)} does not have corresponding schema type.`)
  }

  #schemalessMap(map: ReadonlyMap<ConnectValue, ConnectValue>): string {
    for (const key of map.keys()) if (typeof key !== 'string') return this.#pairs(null, null, map)
    return `{${Array.from(map, ([key, value]) => `${quoteJson(key as string)}:${this.#schemaless(value)}`).join(',')}}`
  }

  #schemalessStruct(struct: ConnectStruct): string {
    let text = ''
    for (const name of Object.keys(struct)) text += (text === '' ? '' : ',') + this.#nameText(name) + this.#schemaless(struct[name])
    return `{${text}}`
  }

  /** `"name":`, remembered, since records of a topic have the same names. */
  #nameText(name: string): string {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const text = `${quoteJson(name)}:`
    if (this.#names.size < maxNames) this.#names.set(name, text)
    return text
  }
}

function requireDate(value: ConnectValue, type: string): Date {
  if (value instanceof Date) return value
  throw new DataException(`Invalid type for ${type}, expected Date but was ${javaClass(value)}`)
}

/** JSON has no NaN and no infinity: they are written as strings. */
function finite(value: number, text: (value: number) => string): string {
  return Number.isFinite(value) ? text(value) : `"${String(value)}"`
}

/** A map key that is null becomes the name "null". */
function asFieldName(json: string): string {
  return json.startsWith('"') ? json : `"${json}"`
}
