import { DataException, Double, FLOAT64_SCHEMA, javaText, type ConnectStruct, type ConnectValue } from 'standpipe/api'
import { javaClassName } from './java-class-name.ts'

/**
 * A value without schema as JSON text that tells long from double: `1` and `1.0`. Kafka's JsonConverter without schemas.
 * @throws DataException when a value inside has no JSON form
 */
export function schemalessJson(value: ConnectValue | undefined): string {
  switch (typeof value) {
    case 'object':
      return value === null ? 'null' : isPlain(value) ? JSON.stringify(value) : objectJson(value)
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return numberJson(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? value.toString() : unknownClass(value)
    case 'undefined':
      return 'null'
    default:
      return unknownClass(value)
  }
}

/** Whether JSON.stringify writes it right; it is several times as fast as doing so piece by piece. */
function isPlain(value: ConnectValue | undefined): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  if (typeof value === 'number') return isPlainNumber(value)
  if (typeof value !== 'object') return false
  return Array.isArray(value) ? (value as readonly ConnectValue[]).every(isPlain) : isPlainObject(value)
}

/** Whole numbers, and fractions that Java writes without exponent too. */
function isPlainNumber(value: number): boolean {
  if (Number.isSafeInteger(value)) return !Object.is(value, -0)
  const magnitude = Math.abs(value)
  return magnitude >= 1e-3 && magnitude < 1e7
}

function isPlainObject(value: object): boolean {
  if (!isObject(value)) return false
  for (const name in value) if (!isPlain(value[name])) return false
  return true
}

function isObject(value: object): value is ConnectStruct {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function numberJson(value: number): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value)
  return doubleJson(value)
}

/** JSON has no NaN and no infinity: they are written as strings. */
function doubleJson(value: number): string {
  const text = javaText(value, FLOAT64_SCHEMA)
  return Number.isFinite(value) ? text : `"${text}"`
}

function objectJson(value: object): string {
  if (Array.isArray(value)) return `[${(value as readonly ConnectValue[]).map(schemalessJson).join(',')}]`
  if (value instanceof Double) return doubleJson(value.valueOf())
  if (Buffer.isBuffer(value)) return `"${value.toString('base64')}"`
  if (value instanceof Map) return mapJson(value as ReadonlyMap<ConnectValue, ConnectValue>)
  return isObject(value) ? structJson(value) : unknownClass(value)
}

/** An object where all keys are strings, else pairs. */
function mapJson(map: ReadonlyMap<ConnectValue, ConnectValue>): string {
  const entries = Array.from(map, ([key, value]) => [key, schemalessJson(value)] as const)
  return entries.every(([key]) => typeof key === 'string')
    ? `{${entries.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`
    : `[${entries.map(([key, json]) => `[${schemalessJson(key)},${json}]`).join(',')}]`
}

function structJson(struct: ConnectStruct): string {
  const members = Object.keys(struct).map((name) => `${JSON.stringify(name)}:${schemalessJson(struct[name])}`)
  return `{${members.join(',')}}`
}

function unknownClass(value: unknown): never {
  throw new DataException(`Java class class ${javaClassName(value)} does not have corresponding schema type.`)
}
