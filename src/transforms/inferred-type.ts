import type { ConnectStruct, ConnectValue } from '../api/data/connect-value.ts'
import { TimestampLogical } from '../api/data/logical.ts'
import { SchemaBuilder } from '../api/data/schema-builder.ts'
import type { Schema } from '../api/data/schema.ts'
import { valueText } from '../api/data/value-text.ts'
import { setField, type NewFields } from './fields.ts'

/** What a schemaless value can be told to be. Decimals and integers beyond 64 bits are kept as text. */
export type InferredKind = 'unknown' | 'BOOLEAN' | 'INT64' | 'FLOAT64' | 'STRING' | 'BYTES' | 'Timestamp' | 'ARRAY' | 'STRUCT'

/** Decides what values of both kinds become. @throws DataException when nothing does */
export type ResolveConflict = (path: string, known: InferredKind, found: InferredKind) => InferredKind

/** In place of a value that the type does not hold yet. */
export const misfit = Symbol('misfit')

/**
 * The type of all values seen at one place of the data: it only ever widens. `convert` makes values of it as long as they fit;
 * where one does not, `widen` takes it in and `schema` is a new one.
 */
export class InferredType {
  #kind: InferredKind = 'unknown'
  /** Of a STRUCT. */
  readonly #fields = new Map<string, InferredType>()
  /** Of an ARRAY. */
  #element: InferredType | null = null

  /** All fields below, for a limit on their number. */
  get fieldCount(): number {
    let count = this.#element?.fieldCount ?? 0
    for (const field of this.#fields.values()) count += 1 + field.fieldCount
    return count
  }

  /** One that can be widened without changing this one. */
  copy(): InferredType {
    const copy = new InferredType()
    copy.#kind = this.#kind
    copy.#element = this.#element?.copy() ?? null
    for (const [name, field] of this.#fields) copy.#fields.set(name, field.copy())
    return copy
  }

  /** Takes the value in. Nulls tell nothing. @param path names the place in messages */
  widen(value: ConnectValue | undefined, path: string, resolve: ResolveConflict): void {
    const found = kindOf(value)
    if (found === 'unknown') return
    this.#kind = this.#kind === 'unknown' || this.#kind === found ? found : (common(this.#kind, found) ?? resolve(path, this.#kind, found))
    if (this.#kind === 'STRING') this.#forgetParts()
    if (this.#kind === 'STRUCT') this.#widenFields(value as ConnectStruct, path, resolve)
    if (this.#kind === 'ARRAY') this.#widenElements(value as readonly ConnectValue[], path, resolve)
  }

  #forgetParts(): void {
    this.#fields.clear()
    this.#element = null
  }

  #widenFields(struct: ConnectStruct, path: string, resolve: ResolveConflict): void {
    for (const name in struct) {
      let field = this.#fields.get(name)
      if (field === undefined) {
        field = new InferredType()
        this.#fields.set(name, field)
      }
      field.widen(struct[name], path === '' ? name : `${path}.${name}`, resolve)
    }
  }

  #widenElements(elements: readonly ConnectValue[], path: string, resolve: ResolveConflict): void {
    this.#element ??= new InferredType()
    for (const element of elements) this.#element.widen(element, `${path}[]`, resolve)
  }

  /** The value as its schema has it, `misfit` when it does not fit. */
  convert(value: ConnectValue | undefined): ConnectValue | typeof misfit {
    if (value === null || value === undefined) return null
    const found = kindOf(value)
    if (this.#kind === 'STRING') return typeof value === 'string' ? value : valueText(value, null)
    if (this.#kind === 'FLOAT64' && found === 'INT64') return Number(value)
    if (this.#kind !== found) return misfit
    switch (found) {
      case 'INT64':
        return BigInt(value as number | bigint)
      case 'FLOAT64':
        return Number(value)
      case 'STRUCT':
        return this.#convertFields(value as ConnectStruct)
      case 'ARRAY':
        return this.#convertElements(value as readonly ConnectValue[])
      default:
        return value
    }
  }

  #convertFields(struct: ConnectStruct): NewFields | typeof misfit {
    const converted: NewFields = {}
    for (const name in struct) {
      const value = struct[name] ?? null
      const field = this.#fields.get(name)
      if (field === undefined && value !== null) return misfit
      const inField = value === null || field === undefined ? null : field.convert(value)
      if (inField === misfit) return misfit
      if (inField !== null) setField(converted, name, inField)
    }
    return converted
  }

  #convertElements(elements: readonly ConnectValue[]): ConnectValue[] | typeof misfit {
    const converted: ConnectValue[] = []
    for (const element of elements) {
      const value = this.#element === null ? null : this.#element.convert(element)
      if (value === misfit) return misfit
      converted.push(value)
    }
    return converted
  }

  /** Null: nothing but nulls was seen. Fields and elements are optional, whatever was seen. @param isOptional of the whole */
  schema(isOptional: boolean): Schema | null {
    const builder = this.#builder()
    if (builder === null) return null
    return isOptional ? builder.optional().build() : builder.build()
  }

  #builder(): SchemaBuilder | null {
    switch (this.#kind) {
      case 'unknown':
        return null
      case 'Timestamp':
        return TimestampLogical.builder()
      case 'ARRAY':
        return SchemaBuilder.array(this.#element?.schema(true) ?? SchemaBuilder.string().optional().build())
      case 'STRUCT':
        return this.#structBuilder()
      default:
        return SchemaBuilder.type(this.#kind)
    }
  }

  /** A field of which nothing but nulls was seen comes in with its first value. */
  #structBuilder(): SchemaBuilder {
    const builder = SchemaBuilder.struct()
    for (const [name, field] of this.#fields) {
      const schema = field.schema(true)
      if (schema !== null) builder.field(name, schema)
    }
    return builder
  }
}

/** What both kinds fit into without becoming text. */
function common(a: InferredKind, b: InferredKind): InferredKind | null {
  if (a === 'STRING') return 'STRING'
  return (a === 'INT64' && b === 'FLOAT64') || (a === 'FLOAT64' && b === 'INT64') ? 'FLOAT64' : null
}

function kindOf(value: ConnectValue | undefined): InferredKind {
  switch (typeof value) {
    case 'undefined':
      return 'unknown'
    case 'string':
      return 'STRING'
    case 'boolean':
      return 'BOOLEAN'
    case 'number':
      return Number.isSafeInteger(value) ? 'INT64' : 'FLOAT64'
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? 'INT64' : 'STRING'
    default:
      return value === null ? 'unknown' : objectKind(value)
  }
}

function objectKind(value: object): InferredKind {
  if (value instanceof Number) return 'FLOAT64'
  if (Buffer.isBuffer(value)) return 'BYTES'
  if (value instanceof Date) return 'Timestamp'
  if (Array.isArray(value)) return 'ARRAY'
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? 'STRUCT' : 'STRING'
}
