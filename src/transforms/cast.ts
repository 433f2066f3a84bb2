import { ConfigDef } from '../api/config/config-def.ts'
import { lambda } from '../api/config/validators.ts'
import type { ConnectStruct } from '../api/data/connect-value.ts'
import { javaText } from '../api/data/java-text.ts'
import { SchemaBuilder } from '../api/data/schema-builder.ts'
import { schemaTypes, type Field, type Schema, type SchemaType } from '../api/data/schema.ts'
import { ConfigException } from '../api/errors.ts'
import { javaTrim } from '../api/java-trim.ts'
import type { Props } from '../api/props.ts'
import { castTypes, compileCast, type CastType, type CastFunction } from './cast-value.ts'
import { fieldOf, setField, type NewFields } from './fields.ts'
import { replaceNullWithDefault } from './replace-null.ts'
import { requireFields } from './requirements.ts'
import { SchemaCache } from './schema-cache.ts'
import { copySchemaBasics } from './schema-basics.ts'
import { changeFields, sideOf, unlessNull, type StructChange } from './side-change.ts'
import { SideTransformation, type Change } from './side-transformation.ts'
import { compileStructCopy, copiedField } from './struct-copy.ts'
import { keyTarget, valueTarget } from './target.ts'
import { splitColons } from './validators.ts'

const config = new ConfigDef({
  spec: {
    type: 'list',
    validator: lambda<readonly string[]>((_name, value) => {
      if (value === null || value.length === 0) throw new ConfigException('Must specify at least one field to cast.')
      parseSpec(value)
    }, 'list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>'),
    importance: 'high',
    doc: 'Fields with the type each is cast to, as field:type, or one type for the whole value: int8, int16, int32, int64, float32, float64, boolean, string. Bytes can be cast to string only.',
  },
  ...replaceNullWithDefault,
})

/** Casts the key, or top-level fields of it, to other types. Apache Kafka 4.3, Cast. */
export class CastKey extends SideTransformation {
  constructor() {
    super(keyTarget, { config, compile })
  }
}

/** Casts the value, or top-level fields of it, to other types. */
export class CastValue extends SideTransformation {
  constructor() {
    super(valueTarget, { config, compile })
  }
}

interface Spec {
  /** Null: fields are cast. */
  readonly whole: CastType | null
  readonly fields: ReadonlyMap<string, CastType>
}

function compile(props: Props): Change {
  const { spec, 'replace.null.with.default': replacesNull } = config.parse(props)
  const { whole, fields } = parseSpec(spec)
  return unlessNull(whole === null ? compileFieldCasts(fields, replacesNull) : compileWholeCast(whole))
}

function parseSpec(items: readonly string[]): Spec {
  const fields = new Map<string, CastType>()
  let whole: CastType | null = null
  for (const item of items) {
    const parts = splitColons(item)
    if (parts.length > 2) throw ConfigException.forKey('renames', javaText(items, null), `Invalid rename mapping: ${item}`)
    const [name = '', type] = parts
    if (type === undefined) whole = parseType(name)
    else fields.set(name, parseType(type))
  }
  if (whole !== null && items.length > 1) {
    throw new ConfigException(
      'Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec',
    )
  }
  return { whole, fields }
}

/** The second sentence of Java's has the parts of a ConfigException in the wrong places; it is repeated here. */
function parseType(text: string): CastType {
  const name = javaTrim(text)
  const type = name.toUpperCase()
  if (isCastType(type)) return type
  if (schemaTypes.includes(type as SchemaType)) {
    throw new ConfigException(`Cast transformation does not support casting to ${type}; supported types are [${castTypes.join(', ')}]`)
  }
  const cause = `java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.${type}`
  throw ConfigException.forKey(`Invalid type found in casting spec: ${name}`, cause)
}

function isCastType(type: string): type is CastType {
  return castTypes.includes(type as CastType)
}

function compileWholeCast(type: CastType): Change {
  const schemaless = compileCast(null, type)
  const typed = new SchemaCache((schema) => {
    const cast = compileCast(schema, type)
    return { schema: castSchema(schema, copySchemaBasics(schema, SchemaBuilder.type(type)), cast), cast }
  })
  return ({ schema, value }) => {
    if (schema === null) return sideOf(null, schemaless(value))
    const compiled = typed.get(schema)
    return sideOf(compiled.schema, compiled.cast(value))
  }
}

/** Optional and default are those of the old schema. */
function castSchema(schema: Schema, builder: SchemaBuilder, cast: CastFunction): Schema {
  if (schema.optional) builder.optional()
  const { defaultValue } = schema
  return defaultValue === undefined || defaultValue === null ? builder.build() : builder.defaultValue(cast(defaultValue)).build()
}

function compileFieldCasts(types: ReadonlyMap<string, CastType>, replacesNull: boolean): Change {
  const casts = Array.from(types, ([name, type]) => ({ name, cast: compileCast(null, type) }))
  const change = changeFields({
    purpose: 'cast types',
    map: (map) => castMap(map, casts),
    struct: (schema) => compileStruct(schema, types, replacesNull),
  })
  return (data, record) => {
    if (data.schema !== null) requireFields(data.schema)
    return change(data, record)
  }
}

/** A field that is not there is there afterwards, as null. */
function castMap(map: ConnectStruct, casts: readonly { readonly name: string; readonly cast: CastFunction }[]): ConnectStruct {
  const changed: NewFields = { ...map }
  for (const { name, cast } of casts) {
    const value = fieldOf(map, name)
    setField(changed, name, value === null ? null : cast(value))
  }
  return changed
}

function compileStruct(schema: Schema, types: ReadonlyMap<string, CastType>, replacesNull: boolean): StructChange {
  const fields = schema.fields.map((field) => compileField(field, types.get(field.name), replacesNull))
  const builder = copySchemaBasics(schema, SchemaBuilder.struct())
  for (const field of fields) builder.field(field.to, field.schema)
  return { schema: castSchema(schema, builder, compileCast(schema, 'STRING')), change: compileStructCopy(schema, fields) }
}

function compileField(field: Field, type: CastType | undefined, replacesNull: boolean) {
  const copied = copiedField(field, replacesNull)
  if (type === undefined) return copied
  const cast = compileCast(field.schema, type)
  return { ...copied, convert: cast, schema: castSchema(field.schema, SchemaBuilder.type(type), cast) }
}
