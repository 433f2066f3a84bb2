import {
  DataException,
  DATE_NAME,
  DateLogical,
  Decimal,
  DECIMAL_NAME,
  DecimalLogical,
  FLOAT64_SCHEMA,
  javaText,
  TIME_NAME,
  TimeLogical,
  TIMESTAMP_NAME,
  TimestampLogical,
  validateValue,
  type ConnectStruct,
  type ConnectValue,
  type Schema,
} from 'standpipe/api'
import { schemalessJson } from './schemaless-json.ts'

/** Writes values of one schema as JSON text; null and undefined are both null. */
type Write = (value: ConnectValue | undefined) => string
/** The same for values that are there. */
type WritePresent = (value: ConnectValue) => string

type Entries = ReadonlyMap<ConnectValue, ConnectValue>

export interface SchemaJsonOptions {
  /**
   * How Confluent's DataConverter prepares values whose schema is used: decimals become doubles, and maps lists of entries unless their
   * keys are strings and `compactMapEntries` is set. False, for topics that ignore the schema: JsonConverter alone decides.
   */
  readonly isSchemaUsed: boolean
  readonly compactMapEntries: boolean
}

/** Values with a schema as JSON text. What is to be done for a schema is worked out when it first comes, not once a record. */
export class SchemaJson {
  readonly #options: SchemaJsonOptions
  readonly #writers = new WeakMap<Schema, Write>()

  constructor(options: SchemaJsonOptions) {
    this.#options = options
  }

  /** @throws DataException when the value does not fit its schema */
  write(schema: Schema, value: ConnectValue): string {
    return this.#writerOf(schema)(value)
  }

  #writerOf(schema: Schema): Write {
    const known = this.#writers.get(schema)
    if (known !== undefined) return known
    const present = this.#compile(schema)
    const ofNull = this.#nullOf(schema, present)
    const write: Write = (value) => (value === null || value === undefined ? ofNull() : present(value))
    this.#writers.set(schema, write)
    return write
  }

  /** The default takes the place of null. */
  #nullOf({ optional, defaultValue }: Schema, present: WritePresent): () => string {
    if (defaultValue !== undefined && defaultValue !== null) return () => present(defaultValue)
    if (optional) return () => 'null'
    const message = 'null value for field that is required and has no default value'
    return () => {
      throw new DataException(this.#options.isSchemaUsed ? message : `Conversion error: ${message}`)
    }
  }

  #compile(schema: Schema): WritePresent {
    switch (schema.name) {
      case DECIMAL_NAME:
        return this.#options.isSchemaUsed ? decimalAsDouble(schema) : decimalAsBytes(schema)
      case DATE_NAME:
        return (value) => String(DateLogical.fromLogical(schema, dateOf(schema, value)))
      case TIME_NAME:
        return (value) => String(TimeLogical.fromLogical(schema, dateOf(schema, value)))
      case TIMESTAMP_NAME:
        return (value) => String(TimestampLogical.fromLogical(schema, dateOf(schema, value)))
      default:
        return this.#compileType(schema)
    }
  }

  #compileType(schema: Schema): WritePresent {
    switch (schema.type) {
      case 'STRING':
        return (value) => (typeof value === 'string' ? JSON.stringify(value) : misfit(schema, value))
      case 'INT64':
        return (value) => (typeof value === 'bigint' ? value.toString() : misfit(schema, value))
      case 'BOOLEAN':
        return (value) => (typeof value === 'boolean' ? String(value) : misfit(schema, value))
      case 'FLOAT32':
      case 'FLOAT64':
        return (value) => (typeof value === 'number' ? floatJson(value, schema) : misfit(schema, value))
      case 'BYTES':
        return (value) => (Buffer.isBuffer(value) ? `"${value.toString('base64')}"` : misfit(schema, value))
      case 'STRUCT':
        return this.#struct(schema)
      case 'ARRAY':
        return this.#array(schema)
      case 'MAP':
        return this.#map(schema)
      default:
        return (value) => (typeof value === 'number' && Number.isInteger(value) ? String(value) : misfit(schema, value))
    }
  }

  #struct(schema: Schema): WritePresent {
    const fields = schema.fields.map(({ name, schema: fieldSchema }, index) => ({
      name,
      before: `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`,
      write: this.#writerOf(fieldSchema),
    }))
    const end = fields.length === 0 ? '{}' : '}'
    return (value) => {
      if (!isStruct(value)) return misfit(schema, value)
      let text = ''
      for (const { name, before, write } of fields) text += before + write(Object.hasOwn(value, name) ? value[name] : null)
      return text + end
    }
  }

  #array(schema: Schema): WritePresent {
    const write = this.#memberWriter(schema.valueSchema)
    return (value) => (isArray(value) ? `[${value.map(write).join(',')}]` : misfit(schema, value))
  }

  #map(schema: Schema): WritePresent {
    const { isSchemaUsed, compactMapEntries } = this.#options
    const hasStringKeys = schema.keySchema?.type === 'STRING'
    const key = this.#memberWriter(schema.keySchema)
    const value = this.#memberWriter(schema.valueSchema)
    const isObject = hasStringKeys && (compactMapEntries || !isSchemaUsed)
    const write = isObject ? objectOf(key, value) : isSchemaUsed ? entriesOf(key, value) : pairsOf(key, value)
    return (map) => (map instanceof Map ? write(map as Entries) : misfit(schema, map))
  }

  #memberWriter(schema: Schema | null): Write {
    return schema === null ? schemalessJson : this.#writerOf(schema)
  }
}

function objectOf(key: Write, value: Write): (map: Entries) => string {
  const name = (json: string) => (json.startsWith('"') ? json : `"${json}"`)
  return (map) => `{${Array.from(map, (entry) => `${name(key(entry[0]))}:${value(entry[1])}`).join(',')}}`
}

function entriesOf(key: Write, value: Write): (map: Entries) => string {
  return (map) => `[${Array.from(map, (entry) => `{"key":${key(entry[0])},"value":${value(entry[1])}}`).join(',')}]`
}

function pairsOf(key: Write, value: Write): (map: Entries) => string {
  return (map) => `[${Array.from(map, (entry) => `[${key(entry[0])},${value(entry[1])}]`).join(',')}]`
}

function decimalAsDouble(schema: Schema): WritePresent {
  return (value) => (value instanceof Decimal ? floatJson(value.toNumber(), FLOAT64_SCHEMA) : misfit(schema, value))
}

function decimalAsBytes(schema: Schema): WritePresent {
  return (value) => (value instanceof Decimal ? `"${DecimalLogical.fromLogical(schema, value).toString('base64')}"` : misfit(schema, value))
}

/** JSON has no NaN and no infinity: they are written as strings, which servers refuse for numbers. */
function floatJson(value: number, schema: Schema): string {
  const text = javaText(value, schema)
  return Number.isFinite(value) ? text : `"${text}"`
}

function dateOf(schema: Schema, value: ConnectValue): Date {
  return value instanceof Date ? value : misfit(schema, value)
}

function isArray(value: ConnectValue): value is readonly ConnectValue[] {
  return Array.isArray(value)
}

function isStruct(value: ConnectValue): value is ConnectStruct {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function misfit(schema: Schema, value: ConnectValue): never {
  validateValue(schema, value)
  throw new DataException(`Invalid value for schema type: ${schema.type}`)
}
