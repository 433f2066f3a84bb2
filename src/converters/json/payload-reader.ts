import type { ConnectValue } from '../../api/data/connect-value.ts'
import { Decimal } from '../../api/data/decimal.ts'
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
import { validateValue } from '../../api/data/struct.ts'
import { DataException } from '../../api/errors.ts'
import { decodeBase64 } from './base64.ts'
import { JsonNumber, type JsonNode, type JsonObject } from './json-reader.ts'

/** Stands for no text at all, which is neither null nor an object. */
export const MISSING: JsonNode = Object.freeze({})

/** What a schema makes of a node; null where Java's lenient reading gives null, even for a required value. */
type Lenient = ConnectValue

/**
 * JSON nodes as Connect data of a schema, as leniently as Java: numbers wrap and truncate, other kinds of nodes are 0, false or null.
 * Apache Kafka 4.3, JsonConverter#convertToConnect.
 */
export class PayloadReader {
  readonly replacesNullWithDefault: boolean
  /** Null has come out where the schema may not allow it: only then a struct's field needs to be checked. */
  #hasLenientNull = false

  constructor(replaceNullWithDefault: boolean) {
    this.replacesNullWithDefault = replaceNullWithDefault
  }

  /** @throws DataException when the node cannot be read by this schema */
  read(schema: Schema, node: JsonNode | undefined): ConnectValue {
    this.#hasLenientNull = false
    return this.#value(schema, node)
  }

  #value(schema: Schema, node: JsonNode | undefined): Lenient {
    if (node === null || node === undefined) return this.#null(schema)
    const logical = schema.name === null ? undefined : logicalReaders.get(schema.name)
    return logical === undefined ? this.#plain(schema, node) : logical(schema, node)
  }

  #null(schema: Schema): ConnectValue {
    if (this.replacesNullWithDefault && schema.defaultValue !== undefined) return schema.defaultValue
    if (schema.optional) return null
    throw new DataException(`Invalid null value for required ${schema.type} field`)
  }

  #plain(schema: Schema, node: JsonNode): Lenient {
    switch (schema.type) {
      case 'BOOLEAN':
        return node === true
      case 'INT8':
        return (toInt(node) << 24) >> 24
      case 'INT16':
        return (toInt(node) << 16) >> 16
      case 'INT32':
        return toInt(node)
      case 'INT64':
        return toLong(node)
      case 'FLOAT32':
        return Math.fround(toDouble(node))
      case 'FLOAT64':
        return toDouble(node)
      case 'STRING':
        return typeof node === 'string' ? node : this.#lenientNull()
      case 'BYTES':
        return typeof node === 'string' ? bytesOf(node) : this.#lenientNull()
      case 'ARRAY':
        return this.#array(schema, node)
      case 'MAP':
        return this.#map(schema, node)
      case 'STRUCT':
        return this.#struct(schema, node)
    }
  }

  #lenientNull(): null {
    this.#hasLenientNull = true
    return null
  }

  /** An object is read as the array of its values, anything else as an empty array. */
  #array(schema: Schema, node: JsonNode): ConnectValue {
    const { valueSchema } = schema
    if (valueSchema === null) return []
    if (isArray(node)) return node.map((element) => this.#value(valueSchema, element))
    return isObject(node) ? Object.values(node).map((element) => this.#value(valueSchema, element)) : []
  }

  #map(schema: Schema, node: JsonNode): ConnectValue {
    const { keySchema, valueSchema } = schema
    if (keySchema === null || valueSchema === null) return new Map()
    return keySchema.type === 'STRING' ? this.#objectMap(valueSchema, node) : this.#pairMap(keySchema, valueSchema, node)
  }

  #objectMap(valueSchema: Schema, node: JsonNode): ConnectValue {
    if (!isObject(node)) throw new DataException(`Maps with string fields should be encoded as JSON objects, but found ${nodeType(node)}`)
    const map = new Map<ConnectValue, ConnectValue>()
    for (const name of Object.keys(node)) map.set(name, this.#value(valueSchema, node[name]))
    return map
  }

  #pairMap(keySchema: Schema, valueSchema: Schema, node: JsonNode): ConnectValue {
    if (!isArray(node))
      throw new DataException(`Maps with non-string fields should be encoded as JSON array of tuples, but found ${nodeType(node)}`)
    const map = new Map<ConnectValue, ConnectValue>()
    for (const pair of node) {
      if (!isArray(pair)) throw new DataException(`Found invalid map entry instead of array tuple: ${nodeType(pair)}`)
      if (pair.length !== 2) throw new DataException(`Found invalid map entry, expected length 2 but found :${String(pair.length)}`)
      map.set(this.#value(keySchema, pair[0]), this.#value(valueSchema, pair[1]))
    }
    return map
  }

  #struct(schema: Schema, node: JsonNode): ConnectValue {
    if (!isObject(node)) throw new DataException(`Structs should be encoded as JSON objects, but found ${nodeType(node)}`)
    const struct: Record<string, ConnectValue> = {}
    for (const { name, schema: fieldSchema } of schema.fields) {
      const value = this.#value(fieldSchema, Object.hasOwn(node, name) ? node[name] : null)
      if (this.#hasLenientNull) this.#check(fieldSchema, value, name)
      if (name === '__proto__') Object.defineProperty(struct, name, { value, writable: true, enumerable: true, configurable: true })
      else struct[name] = value
    }
    return struct
  }

  /** Structs refuse what lists and single values let pass. */
  #check(schema: Schema, value: ConnectValue, field: string): void {
    this.#hasLenientNull = false
    validateValue(schema, value, field)
  }
}

/** Whether values of this schema depend on how a number was written: `1.50` is another decimal than `1.5`. */
export function needsNumberTexts(schema: Schema): boolean {
  if (schema.name === DECIMAL_NAME) return true
  const members = [schema.keySchema, schema.valueSchema, ...schema.fields.map((field) => field.schema)]
  return members.some((member) => member !== null && needsNumberTexts(member))
}

const logicalReaders: ReadonlyMap<string, (schema: Schema, node: JsonNode) => ConnectValue> = new Map([
  [DECIMAL_NAME, readDecimal],
  [DATE_NAME, (schema: Schema, node: JsonNode) => DateLogical.toLogical(schema, requireInt(node, 'Date'))],
  [TIME_NAME, (schema: Schema, node: JsonNode) => TimeLogical.toLogical(schema, requireInt(node, 'Time'))],
  [TIMESTAMP_NAME, (schema: Schema, node: JsonNode) => TimestampLogical.toLogical(schema, requireIntegral(node))],
])

function readDecimal(schema: Schema, node: JsonNode): ConnectValue {
  if (typeof node === 'number' || node instanceof JsonNumber) return decimalOf(typeof node === 'number' ? String(node) : node.text)
  if (typeof node !== 'string') {
    throw new DataException(`Invalid type for Decimal, underlying representation should be numeric or bytes but was ${nodeType(node)}`)
  }
  try {
    return DecimalLogical.toLogical(schema, decodeBase64(node))
  } catch (error) {
    throw new DataException('Invalid bytes for Decimal field', { cause: error })
  }
}

function decimalOf(text: string): Decimal {
  const decimal = Decimal.parse(text)
  if (decimal === null) throw new DataException(`Not a decimal number: ${text}`)
  return decimal
}

function requireInt(node: JsonNode, type: string): number {
  if (typeof node === 'number' && (node | 0) === node) return node
  throw new DataException(`Invalid type for ${type}, underlying representation should be integer but was ${nodeType(node)}`)
}

function requireIntegral(node: JsonNode): number | bigint {
  if (typeof node === 'number' && Number.isInteger(node)) return node
  if (node instanceof JsonNumber && node.isIntegral) return toLong(node)
  throw new DataException(`Invalid type for Timestamp, underlying representation should be integral but was ${nodeType(node)}`)
}

function bytesOf(text: string): Buffer {
  try {
    return decodeBase64(text)
  } catch (error) {
    throw new DataException('Invalid bytes field', { cause: error })
  }
}

/** The low 32 bits of the whole part; 0 for what is not a number. */
function toInt(node: JsonNode): number {
  if (typeof node === 'number') return node | 0
  return node instanceof JsonNumber ? Number(BigInt.asIntN(32, decimalOf(node.text).toLong())) : 0
}

function toLong(node: JsonNode): bigint {
  if (typeof node === 'number') return BigInt(Math.trunc(node))
  return node instanceof JsonNumber ? decimalOf(node.text).toLong() : 0n
}

function toDouble(node: JsonNode): number {
  if (typeof node === 'number') return node
  const number = node instanceof JsonNumber ? Number(node.text) : 0
  return number === 0 ? 0 : number
}

function isArray(node: JsonNode): node is readonly JsonNode[] {
  return Array.isArray(node)
}

function isObject(node: JsonNode): node is JsonObject {
  return typeof node === 'object' && node !== null && node !== MISSING && !Array.isArray(node) && !(node instanceof JsonNumber)
}

/** Jackson's JsonNodeType, as messages name it. */
function nodeType(node: JsonNode): string {
  if (node === MISSING) return 'MISSING'
  if (node === null) return 'NULL'
  if (isArray(node)) return 'ARRAY'
  return isObject(node) ? 'OBJECT' : (typeof node === 'object' ? 'number' : typeof node).toUpperCase()
}
