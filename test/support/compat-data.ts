import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { ConnectStruct, ConnectValue } from '../../src/api/data/connect-value.ts'
import { Decimal } from '../../src/api/data/decimal.ts'
import { Double } from '../../src/api/data/double.ts'
import { ConnectSchema, type Schema, type SchemaType } from '../../src/api/data/schema.ts'
import { ConnectException } from '../../src/api/errors.ts'

/**
 * The typed data of the recorded cases (test/compat/README.md) as our schemas and values, and the comparison of ours with theirs.
 * Decode what a case gives, run our code, then `expectData(got, want)` or `expectError(() => …, error)`.
 */

/** A tagged value as the JSON file has it. */
export type TaggedValue = null | boolean | string | readonly TaggedValue[] | { readonly [tag: string]: unknown }

export interface RecordedSchema {
  readonly type: string
  readonly optional?: boolean
  readonly name?: string
  readonly version?: number
  readonly doc?: string
  readonly parameters?: Record<string, string>
  readonly default?: TaggedValue
  readonly fields?: readonly { readonly name: string; readonly schema: RecordedSchema }[]
  readonly keySchema?: RecordedSchema | null
  readonly valueSchema?: RecordedSchema | null
}

export interface RecordedData {
  readonly schema: RecordedSchema | null
  readonly value: TaggedValue
}

export interface RecordedError {
  readonly class: string
  readonly message?: string | null
  readonly volatileMessage?: boolean
  readonly namesJavaType?: boolean
  readonly cause?: unknown
}

/** What every case has; areas add their own members. */
export interface RecordedCase {
  readonly name: string
  readonly error?: RecordedError
}

/** The cases of test/compat/{area}.json. */
export function readCases<Case extends RecordedCase>(area: string): Case[] {
  const path = new URL(`../compat/${area}.json`, import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] }).cases
}

/** A configuration as props: keys that are null are left out. */
export function decodeConfig(config: Readonly<Record<string, string | null>> | undefined): Record<string, string> {
  const set = Object.entries(config ?? {}).filter((entry): entry is [string, string] => entry[1] !== null)
  return Object.fromEntries(set)
}

export function decodeSchema(recorded: RecordedSchema | null | undefined): Schema | null {
  if (recorded === null || recorded === undefined) return null
  const plain = new ConnectSchema({ ...partsOf(recorded), optional: true })
  const defaultValue = recorded.default === undefined ? undefined : decodeValue(recorded.default, plain)
  return new ConnectSchema({ ...partsOf(recorded), optional: recorded.optional ?? false, defaultValue })
}

function partsOf(recorded: RecordedSchema) {
  return {
    type: recorded.type.toUpperCase() as SchemaType,
    name: recorded.name ?? null,
    version: recorded.version ?? null,
    doc: recorded.doc ?? null,
    parameters: recorded.parameters === undefined ? null : new Map(Object.entries(recorded.parameters)),
    fields: (recorded.fields ?? []).map((field, index) => ({ name: field.name, index, schema: decodeSchema(field.schema)! })),
    keySchema: decodeSchema(recorded.keySchema),
    valueSchema: decodeSchema(recorded.valueSchema),
  }
}

/** @param schema decides the class where ours has fewer classes than Java: null gives schemaless numbers and plain objects */
export function decodeValue(tagged: TaggedValue, schema: Schema | null): ConnectValue {
  if (tagged === null || typeof tagged === 'boolean' || typeof tagged === 'string') return tagged
  if (isList(tagged)) return tagged.map((element) => decodeValue(element, schema?.valueSchema ?? null))
  const tag = Object.keys(tagged)[0]!
  return decodeTag(tag, tagged[tag], tagged, schema)
}

function isList(tagged: TaggedValue): tagged is readonly TaggedValue[] {
  return Array.isArray(tagged)
}

function decodeTag(tag: string, content: unknown, tagged: { readonly [tag: string]: unknown }, schema: Schema | null): ConnectValue {
  switch (tag) {
    case '$int8':
    case '$int16':
    case '$int32':
      return content as number
    case '$int64':
      return decodeLong(content as string, schema)
    case '$float32':
    case '$float64':
      return decodeFloat(content as string, schema)
    case '$bytes':
    case '$byteBuffer':
      return Buffer.from(content as string, 'base64')
    case '$decimal':
      return new Decimal(BigInt(tagged['unscaled'] as string), tagged['scale'] as number)
    case '$bigInteger':
      return BigInt(content as string)
    case '$date':
      return new Date(content as number)
    case '$map':
      return decodeMap(content as [TaggedValue, TaggedValue][], schema)
    case '$struct':
      return decodeStruct(
        content as Record<string, TaggedValue>,
        tagged['schema'] === undefined ? schema : decodeSchema(tagged['schema'] as RecordedSchema),
      )
    default:
      throw new Error(`unknown tag ${tag}`)
  }
}

function decodeLong(text: string, schema: Schema | null): number | bigint {
  return schema === null && Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)
}

function decodeFloat(text: string, schema: Schema | null): number | Double {
  const number = Number(text)
  if (schema?.type === 'FLOAT32') return Math.fround(number)
  return schema === null && Number.isInteger(number) ? new Double(number) : number
}

function decodeMap(entries: [TaggedValue, TaggedValue][], schema: Schema | null): ConnectValue {
  const decoded = entries.map(
    ([key, value]) => [decodeValue(key, schema?.keySchema ?? null), decodeValue(value, schema?.valueSchema ?? null)] as const,
  )
  const isPlain = schema === null && decoded.every(([key]) => typeof key === 'string')
  return isPlain ? Object.fromEntries(decoded as [string, ConnectValue][]) : new Map(decoded)
}

function decodeStruct(fields: Record<string, TaggedValue>, schema: Schema | null): ConnectValue {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, decodeValue(value, schema?.field(name)?.schema ?? null)]))
}

export function decodeData(recorded: RecordedData): { schema: Schema | null; value: ConnectValue } {
  const schema = decodeSchema(recorded.schema)
  return { schema, value: decodeValue(recorded.value, schema) }
}

interface Data {
  readonly schema: Schema | null
  readonly value: ConnectValue
}

/** Asserts that ours is theirs: schemas in every property, values by type where the schema says one, else by numeric value. */
export function expectData(got: Data, want: RecordedData): void {
  const wanted = decodeData(want)
  expect({ schema: comparableSchema(got.schema), value: comparable(got.value, got.schema) }).toEqual({
    schema: comparableSchema(wanted.schema),
    value: comparable(wanted.value, wanted.schema),
  })
}

/** Every property of a schema as plain data, for toEqual. */
export function comparableSchema(schema: Schema | null): unknown {
  if (schema === null) return null
  const { type, optional, name, version, doc, defaultValue } = schema
  return {
    type,
    optional,
    name,
    version,
    doc,
    parameters: schema.parameters === null ? null : Object.fromEntries(schema.parameters),
    default: defaultValue === undefined || defaultValue === null ? undefined : comparable(defaultValue, schema),
    fields: schema.fields.map((field) => ({ name: field.name, index: field.index, schema: comparableSchema(field.schema) })),
    keySchema: comparableSchema(schema.keySchema),
    valueSchema: comparableSchema(schema.valueSchema),
  }
}

/** A value as plain data that shows what matters, for toEqual. */
export function comparable(value: ConnectValue | undefined, schema: Schema | null): unknown {
  if (value === null || value === undefined) return null
  if (value instanceof Decimal) return { decimal: `${value.unscaled} scale ${value.scale}` }
  if (Buffer.isBuffer(value)) return { bytes: value.toString('base64') }
  if (value instanceof Date) return { date: value.getTime() }
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Double) return comparableNumber(value, schema)
  if (isArray(value)) return value.map((element) => comparable(element, schema?.valueSchema ?? null))
  if (typeof value !== 'object') return value
  return schema?.type === 'STRUCT' ? comparableStruct(value as ConnectStruct, schema) : comparableMap(value, schema)
}

function isArray(value: ConnectValue): value is readonly ConnectValue[] {
  return Array.isArray(value)
}

function comparableNumber(value: number | bigint | Double, schema: Schema | null): unknown {
  if (schema === null) return { number: String(Object.is(Number(value), -0) ? '-0' : typeof value === 'bigint' ? value : Number(value)) }
  const number = schema.type === 'FLOAT32' ? Math.fround(Number(value)) : value
  return { [schema.type]: `${typeof value} ${Object.is(number, -0) ? '-0' : String(number)}` }
}

function comparableStruct(value: ConnectStruct, schema: Schema): unknown {
  return {
    struct: schema.fields.map((field) => [
      field.name,
      comparable(Object.hasOwn(value, field.name) ? value[field.name] : null, field.schema),
    ]),
  }
}

function comparableMap(value: object, schema: Schema | null): unknown {
  const entries =
    value instanceof Map ? [...(value as Map<ConnectValue, ConnectValue>)] : (Object.entries(value) as [string, ConnectValue][])
  const pairs = entries.map(([key, element]) => [
    comparable(key, schema?.keySchema ?? null),
    comparable(element, schema?.valueSchema ?? null),
  ])
  const sorted = pairs.map((pair) => [JSON.stringify(pair[0]), pair] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return { map: sorted.map(([, pair]) => pair) }
}

/** Asserts that ours fails as Java did; see "Errors" in test/compat/README.md. */
export function expectError(run: () => unknown, want: RecordedError): void {
  expectThrown(thrownBy(run), want)
}

/** As `expectError`, for an error already caught. */
export function expectThrown(error: unknown, want: RecordedError): void {
  expect(error).toBeInstanceOf(Error)
  const simpleName = want.class.replace(/.*[.$]/, '')
  if (simpleName === 'NullPointerException' || simpleName === 'ClassCastException') return
  if (!want.class.startsWith('java.'))
    expect(error instanceof ConnectException ? error.javaName : (error as Error).name).toMatch(new RegExp(`\\b${simpleName}$`))
  if (want.volatileMessage === true || want.message === null || want.message === undefined) return
  const masked = (text: string) =>
    want.namesJavaType === true ? text.replaceAll(/(class )?(java\.[\w.$]+|\[B)/g, '<class>') : sortedSets(text)
  expect(masked((error as Error).message)).toBe(masked(want.message))
}

/** Allowed values are listed in Java's set order: compare them sorted. */
function sortedSets(text: string): string {
  return text.replace(
    /(one of[^:]*: )(\[?)([\w-]+(?:, [\w-]+)+)(\]?)$/,
    (_, lead: string, open: string, list: string, close: string) => lead + open + list.split(', ').sort().join(', ') + close,
  )
}

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return expect.unreachable('expected an error')
}
