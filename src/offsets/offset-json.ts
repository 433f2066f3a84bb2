import { Double } from '../api/data/double.ts'
import { doubleText } from '../api/data/java-number-text.ts'
import { DataException } from '../api/errors.ts'
import type { OffsetValue, SourceOffset, SourcePartition } from '../api/source.ts'

/** What a stored key names. */
export interface ConnectorPartition {
  readonly connector: string
  readonly partition: SourcePartition
}

/**
 * The bytes a partition is stored under: `["CONNECTOR",{partition}]`, as Connect's JsonConverter writes it without schemas.
 * @throws DataException when the partition holds anything but primitive values
 */
export function offsetKey(connector: string, partition: SourcePartition): Buffer {
  return Buffer.from(keyText(connector, partition))
}

/**
 * The bytes of an offset; null for null, which resets the partition.
 * @throws DataException when the offset holds anything but primitive values
 */
export function offsetValue(offset: SourceOffset | null): Buffer | null {
  return offset === null ? null : Buffer.from(objectText(offset))
}

/** Null: the key is not of Connect's form; such entries are kept and belong to nobody. */
export function parseOffsetKey(key: Buffer | null): ConnectorPartition | null {
  const parsed = key === null ? null : parseJson(key)
  if (!Array.isArray(parsed) || parsed.length !== 2) return null
  const [connector, partition] = parsed as readonly unknown[]
  return typeof connector === 'string' && isOffset(partition) ? { connector, partition } : null
}

/**
 * Integers come back as `number` up to 2^53, else as `bigint`.
 * @throws DataException when the bytes are not a JSON object of primitive values
 */
export function parseOffsetValue(value: Buffer): SourceOffset {
  const parsed = parseJson(value)
  if (isOffset(parsed)) return parsed
  throw new DataException(`Offsets must be specified as a Map of primitive values, but found ${value.toString('utf8', 0, 100)}`)
}

/** One text for all orders of a partition's fields. Null unless Connect wrote the key: other spellings are found by their bytes only. */
export function canonicalOffsetKey(key: Buffer): string | null {
  const parsed = parseOffsetKey(key)
  if (parsed === null || keyText(parsed.connector, parsed.partition) !== key.toString()) return null
  return keyText(parsed.connector, Object.fromEntries(Object.entries(parsed.partition).sort(([a], [b]) => (a < b ? -1 : 1))))
}

function keyText(connector: string, partition: SourcePartition): string {
  return `[${stringText(connector)},${objectText(partition)}]`
}

function objectText(fields: SourceOffset | SourcePartition): string {
  if (typeof fields !== 'object' || Array.isArray(fields)) throw new DataException('Offsets must be specified as a Map')
  return `{${Object.entries(fields)
    .map(([name, value]) => `${stringText(name)}:${primitiveText(name, value)}`)
    .join(',')}}`
}

function primitiveText(name: string, value: OffsetValue | Double): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return stringText(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : realText(value)
  if (value instanceof Double) return realText(value.valueOf())
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return String(value)
  throw new DataException(`Offsets may only contain primitive types as values, but field ${name} contains ${kindOf(value)}`)
}

function kindOf(value: unknown): string {
  if (typeof value === 'bigint') return 'class java.math.BigInteger'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}

function realText(value: number): string {
  return Number.isFinite(value) ? doubleText(value) : `"${value}"`
}

/** Jackson's escapes: hexadecimal digits in upper case, characters outside the BMP as two escaped surrogates. */
function stringText(value: string): string {
  return JSON.stringify(value).replace(/\\\\|\\u[0-9a-f]{4}|[\u{10000}-\u{10ffff}]/gu, (found) => {
    if (found === '\\\\') return found
    if (found.length === 6) return `\\u${found.slice(2).toUpperCase()}`
    return `${unitEscape(found.charCodeAt(0))}${unitEscape(found.charCodeAt(1))}`
  })
}

function unitEscape(unit: number): string {
  return `\\u${unit.toString(16).toUpperCase()}`
}

/** @returns undefined when the bytes are no JSON */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString(), exactIntegers)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A reviver that loses no digit of 64-bit integers; beyond 64 bits they wrap, as in Java. */
function exactIntegers(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d+$/.test(source) ? BigInt.asIntN(64, BigInt(source)) : value
}

function isOffset(value: unknown): value is SourceOffset {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isPrimitive)
}

function isPrimitive(value: unknown): boolean {
  return value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}
