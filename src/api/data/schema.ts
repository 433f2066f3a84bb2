import type { ConnectValue } from './connect-value.ts'

/** Connect's types, under Java's names. Dates, times and decimals are these types with a logical `name`. */
export const schemaTypes = [
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FLOAT32',
  'FLOAT64',
  'BOOLEAN',
  'STRING',
  'BYTES',
  'ARRAY',
  'MAP',
  'STRUCT',
] as const
/** One of Connect's types. */
export type SchemaType = (typeof schemaTypes)[number]

/** A named member of a struct, at its position. */
export interface Field {
  readonly name: string
  readonly index: number
  readonly schema: Schema
}

/** The type of a value. Immutable; compare with `schemasEqual`, structural over every property. */
export interface Schema {
  readonly type: SchemaType
  /** True: null is a legal value. */
  readonly optional: boolean
  /** Used where a value is missing; undefined means there is no default. */
  readonly defaultValue: ConnectValue | undefined
  /** Name of a struct, or of a logical type such as `org.apache.kafka.connect.data.Timestamp`; null: none. */
  readonly name: string | null
  readonly version: number | null
  readonly doc: string | null
  readonly parameters: ReadonlyMap<string, string> | null
  /** Members in order. Empty unless the type is STRUCT. */
  readonly fields: readonly Field[]
  /** Key schema of a MAP, else null. */
  readonly keySchema: Schema | null
  /** Element schema of an ARRAY or value schema of a MAP, else null. */
  readonly valueSchema: Schema | null
  /** A member of a struct by name; null when there is none. */
  field(name: string): Field | null
  /** Java's text form, as error messages show it: `Schema{INT32}`, `Schema{com.x.Row:STRUCT}`. */
  toString(): string
}

/** Everything a `ConnectSchema` is made of; what is absent takes Java's default. */
export interface SchemaParts {
  readonly type: SchemaType
  readonly optional?: boolean
  readonly defaultValue?: ConnectValue | undefined
  readonly name?: string | null
  readonly version?: number | null
  readonly doc?: string | null
  readonly parameters?: ReadonlyMap<string, string> | null
  readonly fields?: readonly Field[]
  readonly keySchema?: Schema | null
  readonly valueSchema?: Schema | null
}

/** The immutable schema. Build checked ones with `SchemaBuilder`; this constructor checks nothing. */
export class ConnectSchema implements Schema {
  readonly type: SchemaType
  readonly optional: boolean
  readonly defaultValue: ConnectValue | undefined
  readonly name: string | null
  readonly version: number | null
  readonly doc: string | null
  readonly parameters: ReadonlyMap<string, string> | null
  readonly fields: readonly Field[]
  readonly keySchema: Schema | null
  readonly valueSchema: Schema | null
  readonly #fieldsByName: ReadonlyMap<string, Field>

  constructor(parts: SchemaParts) {
    this.type = parts.type
    this.optional = parts.optional ?? false
    this.defaultValue = parts.defaultValue
    this.name = parts.name ?? null
    this.version = parts.version ?? null
    this.doc = parts.doc ?? null
    this.parameters = parts.parameters ?? null
    this.fields = parts.fields ?? []
    this.keySchema = parts.keySchema ?? null
    this.valueSchema = parts.valueSchema ?? null
    this.#fieldsByName = new Map(this.fields.map((field) => [field.name, field]))
  }

  field(name: string): Field | null {
    return this.#fieldsByName.get(name) ?? null
  }

  toString(): string {
    return this.name === null ? `Schema{${this.type}}` : `Schema{${this.name}:${this.type}}`
  }
}

const required = (type: SchemaType): Schema => new ConnectSchema({ type })
const optional = (type: SchemaType): Schema => new ConnectSchema({ type, optional: true })

export const INT8_SCHEMA = required('INT8')
export const INT16_SCHEMA = required('INT16')
export const INT32_SCHEMA = required('INT32')
export const INT64_SCHEMA = required('INT64')
export const FLOAT32_SCHEMA = required('FLOAT32')
export const FLOAT64_SCHEMA = required('FLOAT64')
export const BOOLEAN_SCHEMA = required('BOOLEAN')
export const STRING_SCHEMA = required('STRING')
export const BYTES_SCHEMA = required('BYTES')
export const OPTIONAL_INT8_SCHEMA = optional('INT8')
export const OPTIONAL_INT16_SCHEMA = optional('INT16')
export const OPTIONAL_INT32_SCHEMA = optional('INT32')
export const OPTIONAL_INT64_SCHEMA = optional('INT64')
export const OPTIONAL_FLOAT32_SCHEMA = optional('FLOAT32')
export const OPTIONAL_FLOAT64_SCHEMA = optional('FLOAT64')
export const OPTIONAL_BOOLEAN_SCHEMA = optional('BOOLEAN')
export const OPTIONAL_STRING_SCHEMA = optional('STRING')
export const OPTIONAL_BYTES_SCHEMA = optional('BYTES')
