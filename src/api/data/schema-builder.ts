import { SchemaBuilderException } from '../errors.ts'
import type { ConnectValue } from './connect-value.ts'
import { ConnectSchema, type Field, type Schema, type SchemaType } from './schema.ts'
import { validateValue } from './struct.ts'

/**
 * Builds a schema step by step, checking each. A property that is set may not be changed; `build` may be called more than once.
 *
 *     SchemaBuilder.struct().name('com.example.Row').field('id', INT64_SCHEMA).field('note', OPTIONAL_STRING_SCHEMA).build()
 *
 * Apache Kafka 4.3, SchemaBuilder.
 * @throws SchemaBuilderException from every step that does not fit the ones before
 */
export class SchemaBuilder {
  readonly #type: SchemaType
  readonly #keySchema: Schema | null
  readonly #valueSchema: Schema | null
  readonly #fields = new Map<string, Field>()
  #optional: boolean | null = null
  #defaultValue: ConnectValue | undefined = undefined
  #name: string | null = null
  #version: number | null = null
  #doc: string | null = null
  #parameters: ReadonlyMap<string, string> | null = null

  private constructor(type: SchemaType, keySchema: Schema | null = null, valueSchema: Schema | null = null) {
    this.#type = type
    this.#keySchema = keySchema
    this.#valueSchema = valueSchema
  }

  /** Of a type by name; arrays and maps have their own methods, which ask for the element schemas. */
  static type(type: Exclude<SchemaType, 'ARRAY' | 'MAP'>): SchemaBuilder {
    return new SchemaBuilder(type)
  }

  static int8(): SchemaBuilder {
    return new SchemaBuilder('INT8')
  }

  static int16(): SchemaBuilder {
    return new SchemaBuilder('INT16')
  }

  static int32(): SchemaBuilder {
    return new SchemaBuilder('INT32')
  }

  static int64(): SchemaBuilder {
    return new SchemaBuilder('INT64')
  }

  static float32(): SchemaBuilder {
    return new SchemaBuilder('FLOAT32')
  }

  static float64(): SchemaBuilder {
    return new SchemaBuilder('FLOAT64')
  }

  static bool(): SchemaBuilder {
    return new SchemaBuilder('BOOLEAN')
  }

  static string(): SchemaBuilder {
    return new SchemaBuilder('STRING')
  }

  static bytes(): SchemaBuilder {
    return new SchemaBuilder('BYTES')
  }

  static struct(): SchemaBuilder {
    return new SchemaBuilder('STRUCT')
  }

  static array(valueSchema: Schema | null): SchemaBuilder {
    return new SchemaBuilder('ARRAY', null, present(valueSchema, 'valueSchema'))
  }

  static map(keySchema: Schema | null, valueSchema: Schema | null): SchemaBuilder {
    return new SchemaBuilder('MAP', present(keySchema, 'keySchema'), present(valueSchema, 'valueSchema'))
  }

  optional(): this {
    checkCanSet('optional', this.#optional, true)
    this.#optional = true
    return this
  }

  required(): this {
    checkCanSet('optional', this.#optional, false)
    this.#optional = false
    return this
  }

  /** Call it after `optional`, `field` and whatever else the value is checked against. */
  defaultValue(value: ConnectValue): this {
    checkCanSet('default', this.#defaultValue ?? null, value)
    try {
      validateValue(this.build(), value)
    } catch (error) {
      throw new SchemaBuilderException('Invalid default value', { cause: error })
    }
    this.#defaultValue = value ?? undefined
    return this
  }

  name(name: string | null): this {
    checkCanSet('name', this.#name, name)
    this.#name = name
    return this
  }

  version(version: number | null): this {
    checkCanSet('version', this.#version, version)
    this.#version = version
    return this
  }

  doc(doc: string | null): this {
    checkCanSet('doc', this.#doc, doc)
    this.#doc = doc
    return this
  }

  /** Adds one parameter, or changes it. */
  parameter(name: string, value: string): this {
    this.#parameters = new Map(this.#parameters).set(name, value)
    return this
  }

  /** Adds several; none at all leaves the schema without parameters. */
  parameters(parameters: ReadonlyMap<string, string>): this {
    for (const [name, value] of parameters) this.parameter(name, value)
    return this
  }

  /** Adds a member to a struct. */
  field(name: string, schema: Schema | null): this {
    if (this.#type !== 'STRUCT') throw new SchemaBuilderException(`Cannot create fields on type ${this.#type}`)
    if (name === '') throw new SchemaBuilderException('fieldName cannot be null.')
    if (schema === null) throw new SchemaBuilderException(`fieldSchema for field ${name} cannot be null.`)
    if (this.#fields.has(name)) throw new SchemaBuilderException(`Cannot create field because of field name duplication ${name}`)
    this.#fields.set(name, { name, index: this.#fields.size, schema })
    return this
  }

  build(): ConnectSchema {
    return new ConnectSchema({
      type: this.#type,
      optional: this.#optional ?? false,
      defaultValue: this.#defaultValue,
      name: this.#name,
      version: this.#version,
      doc: this.#doc,
      parameters: this.#parameters,
      fields: [...this.#fields.values()],
      keySchema: this.#keySchema,
      valueSchema: this.#valueSchema,
    })
  }
}

function checkCanSet(property: string, current: ConnectValue, next: ConnectValue): void {
  if (current !== null && current !== next) {
    throw new SchemaBuilderException(`Invalid SchemaBuilder call: ${property} has already been set.`)
  }
}

function present(schema: Schema | null, role: string): Schema {
  if (schema === null) throw new SchemaBuilderException(`${role} cannot be null.`)
  return schema
}
