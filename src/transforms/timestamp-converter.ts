import { ConfigDef } from '../api/config/config-def.ts'
import { validString } from '../api/config/validators.ts'
import type { ConnectStruct, ConnectValue } from '../api/data/connect-value.ts'
import { SchemaBuilder } from '../api/data/schema-builder.ts'
import type { Field, Schema } from '../api/data/schema.ts'
import { ConfigException, DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { SimpleDateFormat } from './date-format/simple-date-format.ts'
import { fieldOf, setField, type NewFields } from './fields.ts'
import { replaceNullWithDefault } from './replace-null.ts'
import { requireFields, requireMap, requireStruct } from './requirements.ts'
import { SchemaCache } from './schema-cache.ts'
import { copySchemaBasics } from './schema-basics.ts'
import { sideOf } from './side-change.ts'
import { SideTransformation, type Change } from './side-transformation.ts'
import { compileStructCopy, copiedField, type CopiedField } from './struct-copy.ts'
import { keyTarget, valueTarget } from './target.ts'
import {
  inferTimestampType,
  readTimestamp,
  timestampSchema,
  timestampTypeOf,
  timestampTypes,
  unixPrecisions,
  writeTimestamp,
  type TimestampForm,
  type TimestampType,
  type UnixPrecision,
} from './timestamp-types.ts'

const purpose = 'converting timestamp formats'

const config = new ConfigDef({
  field: { type: 'string', default: '', importance: 'high', doc: 'Top-level field with the timestamp. Empty: the whole value is one.' },
  'target.type': {
    type: 'string',
    validator: validString(...timestampTypes),
    importance: 'high',
    doc: 'What the timestamp becomes: string, unix (a number), Date, Time or Timestamp.',
  },
  format: {
    type: 'string',
    default: '',
    importance: 'medium',
    doc: 'Pattern of java.text.SimpleDateFormat by which texts are read and written, in UTC.',
  },
  'unix.precision': {
    type: 'string',
    default: 'milliseconds',
    validator: validString(...unixPrecisions),
    importance: 'low',
    doc: 'What numbers count: seconds, milliseconds, microseconds or nanoseconds. Parts of a millisecond are lost.',
  },
  ...replaceNullWithDefault,
})

/** Converts a timestamp in the key. Apache Kafka 4.3, TimestampConverter. */
export class TimestampConverterKey extends SideTransformation {
  constructor() {
    super(keyTarget, { config, compile })
  }
}

/** Converts a timestamp in the value. */
export class TimestampConverterValue extends SideTransformation {
  constructor() {
    super(valueTarget, { config, compile })
  }
}

/** From one form into the configured one. */
interface Conversion {
  readonly target: TimestampType
  /** @param from null: the value is schemaless and tells its form by itself */
  readonly convert: (value: ConnectValue, from: TimestampType | null) => ConnectValue
}

function compile(props: Props): Change {
  const parsed = config.parse(props)
  const target = parsed['target.type'] as TimestampType
  const conversion = compileConversion(target, {
    format: dateFormat(parsed.format, target),
    precision: parsed['unix.precision'] as UnixPrecision,
  })
  if (parsed.field === '') return compileWhole(conversion)
  return compileField(conversion, parsed.field, parsed['replace.null.with.default'])
}

/** Java's second sentence has the parts of a ConfigException in the wrong places; it is repeated here. */
function dateFormat(pattern: string, target: TimestampType): SimpleDateFormat | null {
  if (pattern === '') {
    if (target !== 'string') return null
    throw new ConfigException('TimestampConverter requires format option to be specified when using string timestamps')
  }
  try {
    return new SimpleDateFormat(pattern)
  } catch (error) {
    const cause = `java.lang.IllegalArgumentException: ${error instanceof Error ? error.message : String(error)}`
    throw ConfigException.forKey(
      `TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: ${pattern}`,
      cause,
    )
  }
}

function compileConversion(target: TimestampType, form: TimestampForm): Conversion {
  const { format, precision } = form
  return {
    target,
    convert: (value, from) => {
      const ms = readTimestamp(value, from ?? inferTimestampType(value), form)
      if (!(Math.abs(ms) <= 8.64e15)) throw new DataException(`Invalid timestamp: ${String(ms)} ms is beyond ±8.64e15 ms from 1970`)
      if (target !== 'string') return writeTimestamp(ms, target, precision, from !== null)
      return format === null ? null : format.format(ms)
    },
  }
}

function compileWhole({ target, convert }: Conversion): Change {
  const typed = new SchemaCache((schema) => ({ schema: timestampSchema(target, schema.optional), from: timestampTypeOf(schema) }))
  return ({ schema, value }) => {
    if (schema === null) return sideOf(null, value === null ? null : convert(value, null))
    const compiled = typed.get(schema)
    return sideOf(compiled.schema, value === null ? null : convert(value, compiled.from))
  }
}

function compileField(conversion: Conversion, name: string, replacesNull: boolean): Change {
  const structs = new SchemaCache((schema) => compileStruct(schema, conversion, name, replacesNull))
  return (data) => {
    const { schema, value } = data
    if (schema === null) return value === null ? data : sideOf(null, convertedMap(requireMap(value, purpose), conversion, name))
    const struct = value === null ? null : requireStruct(schema, value, purpose)
    const compiled = structs.get(schema)
    return sideOf(compiled.schema, struct === null ? null : compiled.copy(struct))
  }
}

/** A field that is not there is there afterwards, as null. */
function convertedMap(map: ConnectStruct, { convert }: Conversion, name: string): ConnectStruct {
  const changed: NewFields = { ...map }
  const value = fieldOf(map, name)
  setField(changed, name, value === null ? null : convert(value, null))
  return changed
}

function compileStruct(schema: Schema, conversion: Conversion, name: string, replacesNull: boolean) {
  const fields = requireFields(schema).map((field) =>
    field.name === name ? convertedField(field, conversion, replacesNull) : copiedField(field, replacesNull),
  )
  const copy = compileStructCopy(schema, fields)
  const builder = copySchemaBasics(schema, SchemaBuilder.struct())
  for (const field of fields) builder.field(field.to, field.schema)
  if (schema.optional) builder.optional()
  const { defaultValue } = schema
  if (defaultValue !== undefined && defaultValue !== null) builder.defaultValue(copy(defaultValue as ConnectStruct))
  return { schema: builder.build(), copy }
}

function convertedField(field: Field, { target, convert }: Conversion, replacesNull: boolean): CopiedField {
  const from = timestampTypeOf(field.schema)
  const copied = copiedField(field, replacesNull)
  return { ...copied, convert: (value) => convert(value, from), schema: timestampSchema(target, field.schema.optional) }
}
