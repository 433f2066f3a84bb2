import { DataException, DATE_NAME, DateLogical, Double, javaText, type ConnectValue, type Schema } from 'standpipe/api'
import { javaClassName } from './java-class-name.ts'

/** Servers refuse longer ids, and with them the whole request. */
const longestId = 512
const bytesPerUnit = 3
const idTypes: ReadonlySet<string> = new Set(['INT8', 'INT16', 'INT32', 'INT64', 'STRING'])

/**
 * The id of a document, from the key of its record: the text of a string or whole number. Confluent's DataConverter#convertKey.
 * @throws DataException for any other key, null, an empty one, and one of more than 512 bytes
 */
export function idOfKey(schema: Schema | null, key: ConnectValue): string {
  if (key === null) throw new DataException('Key is used as document id and can not be null.')
  const type = schema === null ? typeOf(key) : schema.type
  if (key === '') throw new DataException('Key is used as document id and can not be empty.')
  if (!idTypes.has(type)) throw new DataException(`${type} is not supported as the document id.`)
  const id = typeof key === 'string' ? key : numberText(schema, key)
  if (id.length * bytesPerUnit > longestId) requireShort(id)
  return id
}

function requireShort(id: string): void {
  const length = Buffer.byteLength(id)
  if (length > longestId) throw new DataException(`Key is used as document id and is of ${length} bytes; an id has ${longestId} at most.`)
}

/** Dates are their number: Java's text of them, which Confluent's connector uses, depends on the time zone and drops the milliseconds. */
function numberText(schema: Schema | null, key: ConnectValue): string {
  if (!(key instanceof Date)) return javaText(key, schema)
  return String(schema?.name === DATE_NAME ? DateLogical.fromLogical(schema, key) : key.getTime())
}

/** Connect's type of a value without schema. */
function typeOf(key: NonNullable<ConnectValue>): string {
  switch (typeof key) {
    case 'string':
      return 'STRING'
    case 'boolean':
      return 'BOOLEAN'
    case 'number':
      return Number.isSafeInteger(key) ? 'INT64' : 'FLOAT64'
    case 'bigint':
      return BigInt.asIntN(64, key) === key ? 'INT64' : unknownClass(key)
    default:
      return typeOfObject(key)
  }
}

function typeOfObject(key: object): string {
  if (Buffer.isBuffer(key)) return 'BYTES'
  if (Array.isArray(key)) return 'ARRAY'
  if (key instanceof Double) return 'FLOAT64'
  if (key instanceof Map) return 'MAP'
  const prototype: unknown = Object.getPrototypeOf(key)
  return prototype === Object.prototype || prototype === null ? 'MAP' : unknownClass(key)
}

function unknownClass(key: unknown): never {
  throw new DataException(`Java class class ${javaClassName(key)} does not have corresponding schema type.`)
}
