import { ConfigDef } from '../api/config/config-def.ts'
import type { ConnectStruct, ConnectValue } from '../api/data/connect-value.ts'
import { javaClass } from '../api/data/java-class.ts'
import { Decimal } from '../api/data/decimal.ts'
import { SchemaBuilder } from '../api/data/schema-builder.ts'
import type { Schema } from '../api/data/schema.ts'
import { instanceChecks, structField } from '../api/data/struct.ts'
import { DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { fieldOf, setField, type NewFields } from './fields.ts'
import { requireMap } from './requirements.ts'
import { builderLike, copySchemaBasics } from './schema-basics.ts'
import { changeFields, unlessNull, type StructChange } from './side-change.ts'
import { SideTransformation, type Change } from './side-transformation.ts'
import { checkOptional } from './struct-copy.ts'
import { keyTarget, valueTarget } from './target.ts'

const purpose = 'flattening'

const config = new ConfigDef({
  delimiter: {
    type: 'string',
    default: '.',
    importance: 'medium',
    doc: 'What stands between the names of a field and the fields around it.',
  },
})

/** Makes one level of the key's nested structs or maps. Apache Kafka 4.3, Flatten. */
export class FlattenKey extends SideTransformation {
  constructor() {
    super(keyTarget, { config, compile })
  }
}

/** Makes one level of the value's nested structs or maps. Arrays stay as they are. */
export class FlattenValue extends SideTransformation {
  constructor() {
    super(valueTarget, { config, compile })
  }
}

function compile(props: Props): Change {
  const { delimiter } = config.parse(props)
  return unlessNull(
    changeFields({
      purpose,
      map: (map) => {
        const flat: NewFields = {}
        flattenMap(map, '', delimiter, flat)
        return flat
      },
      struct: (schema) => compileStruct(schema, delimiter),
    }),
  )
}

/** @param prefix names of the maps around, the delimiter behind each */
function flattenMap(map: ConnectStruct, prefix: string, delimiter: string, flat: NewFields): void {
  for (const name in map) {
    const value = map[name] ?? null
    const path = prefix + name
    if (typeof value === 'object' && value !== null && isMap(value)) {
      flattenMap(requireMap(value, purpose), path === '' ? '' : path + delimiter, delimiter, flat)
    } else {
      setField(flat, path, value)
    }
  }
}

function isMap(value: ConnectValue): boolean {
  if (instanceChecks.STRUCT(value) || value instanceof Map) return true
  if (value instanceof Date || value instanceof Decimal) {
    throw new DataException(
      `Flatten transformation was passed a value of type ${javaClass(value)} which is not supported by Connect's data API`,
    )
  }
  return false
}

/** A field that is no struct, with the way to it. */
interface Leaf {
  readonly parents: readonly string[]
  readonly name: string
  readonly defaultValue: ConnectValue
  readonly path: string
  /** Of the flat field. */
  readonly schema: Schema
}

function compileStruct(schema: Schema, delimiter: string): StructChange {
  const leaves: Leaf[] = []
  const level = {
    schema,
    parents: [],
    prefix: '',
    isOptional: schema.optional,
    defaultValue: (schema.defaultValue ?? null) as ConnectStruct | null,
  }
  collectLeaves(level, delimiter, leaves)
  const builder = copySchemaBasics(schema, SchemaBuilder.struct())
  for (const leaf of leaves) builder.field(leaf.path, leaf.schema)
  return { schema: builder.build(), change: (struct) => flatStruct(struct, leaves) }
}

/** A struct on the way down. */
interface Level {
  readonly schema: Schema
  readonly parents: readonly string[]
  readonly prefix: string
  /** This struct or one around it may be null. */
  readonly isOptional: boolean
  /** What the structs around say the fields default to. */
  readonly defaultValue: ConnectStruct | null
}

function collectLeaves(level: Level, delimiter: string, leaves: Leaf[]): void {
  for (const { name, schema } of level.schema.fields) {
    const path = level.prefix + name
    const isOptional = level.isOptional || schema.optional
    const inherited = level.defaultValue === null ? null : structField(level.schema, level.defaultValue, name)
    const defaultValue = schema.defaultValue ?? inherited
    if (schema.type === 'MAP') {
      throw new DataException(`Flatten transformation does not support ${schema.type} for record with schemas (for field ${path}).`)
    }
    if (schema.type === 'STRUCT') {
      const prefix = path === '' ? '' : path + delimiter
      collectLeaves(
        { schema, parents: [...level.parents, name], prefix, isOptional, defaultValue: defaultValue as ConnectStruct | null },
        delimiter,
        leaves,
      )
    } else {
      const flatSchema = flatFieldSchema(schema, isOptional, defaultValue)
      leaves.push({ parents: level.parents, name, defaultValue: schema.defaultValue ?? null, path, schema: flatSchema })
    }
  }
}

function flatFieldSchema(schema: Schema, isOptional: boolean, defaultValue: ConnectValue): Schema {
  const builder = builderLike(schema)
  if (isOptional) builder.optional()
  return defaultValue === null ? builder.build() : builder.defaultValue(defaultValue).build()
}

function flatStruct(struct: ConnectStruct, leaves: readonly Leaf[]): ConnectStruct {
  const flat: NewFields = {}
  for (const leaf of leaves) {
    const parent = descend(struct, leaf.parents)
    if (parent === null) continue
    const value = fieldOf(parent, leaf.name) ?? leaf.defaultValue
    if (value === null) checkOptional(leaf.schema, leaf.path)
    setField(flat, leaf.path, value)
  }
  return flat
}

/** The struct inside of structs; null when one on the way is null: then the field is left unset. */
function descend(struct: ConnectStruct, names: readonly string[]): ConnectStruct | null {
  let current: ConnectStruct | null = struct
  for (const name of names) {
    if (current === null) return null
    current = fieldOf(current, name) as ConnectStruct | null
  }
  return current
}
