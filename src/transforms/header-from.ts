import { ConfigDef } from '../api/config/config-def.ts'
import { validString } from '../api/config/validators.ts'
import type { ConnectRecord } from '../api/connect-record.ts'
import type { ConnectStruct, ConnectValue } from '../api/data/connect-value.ts'
import type { SchemaAndValue } from '../api/data/schema-and-value.ts'
import { SchemaBuilder } from '../api/data/schema-builder.ts'
import type { Schema } from '../api/data/schema.ts'
import { ConfigException, DataException } from '../api/errors.ts'
import type { Header } from '../api/header/headers.ts'
import type { Props } from '../api/props.ts'
import type { Transformation } from '../api/transformation.ts'
import { fieldOf, setField, type NewFields } from './fields.ts'
import { defaultFor, replaceNullWithDefault } from './replace-null.ts'
import { requireMap, requireStruct } from './requirements.ts'
import { SchemaCache } from './schema-cache.ts'
import { copySchemaBasics } from './schema-basics.ts'
import { sideOf } from './side-change.ts'
import { notConfigured } from './side-transformation.ts'
import { compileStructCopy, copiedField } from './struct-copy.ts'
import { keyTarget, valueTarget, type Target } from './target.ts'
import { nonEmptyList } from './validators.ts'

const config = new ConfigDef({
  fields: { type: 'list', validator: nonEmptyList, importance: 'high', doc: 'Fields whose values go into headers.' },
  headers: { type: 'list', validator: nonEmptyList, importance: 'high', doc: 'Names of the headers, in the order of the fields.' },
  operation: {
    type: 'string',
    validator: validString('move', 'copy'),
    importance: 'high',
    doc: 'move: the fields are removed where they were. copy: they stay.',
  },
  ...replaceNullWithDefault,
})

/** What becomes of a side: what is left of it, and the new headers. */
interface Split {
  readonly data: SchemaAndValue
  readonly headers: readonly Header[]
}

type SplitData = (data: SchemaAndValue) => Split

/** Moves or copies fields into headers. Apache Kafka 4.3, HeaderFrom. */
abstract class HeaderFrom implements Transformation {
  readonly #target: Target
  #split: SplitData = notConfigured

  constructor(target: Target) {
    this.#target = target
  }

  config(): ConfigDef {
    return config
  }

  configure(props: Props): void {
    this.#split = compile(props)
  }

  apply<R extends ConnectRecord>(record: R): R {
    const data = this.#target.data(record)
    const split = this.#split(data)
    return this.#target.withData(record, split.data, [...record.headers, ...split.headers])
  }
}

/** Moves or copies fields of the key into headers. */
export class HeaderFromKey extends HeaderFrom {
  constructor() {
    super(keyTarget)
  }
}

/** Moves or copies fields of the value into headers. */
export class HeaderFromValue extends HeaderFrom {
  constructor() {
    super(valueTarget)
  }
}

/** A field and the header it becomes. */
interface Pair {
  readonly field: string
  readonly header: string
}

function compile(props: Props): SplitData {
  const { fields, headers, operation, 'replace.null.with.default': replacesNull } = config.parse(props)
  if (fields.length !== headers.length) {
    throw new ConfigException("'fields' config must have the same number of elements as 'headers' config.")
  }
  const pairs = fields.map((field, index): Pair => ({ field, header: headers[index] ?? '' }))
  const moves = operation === 'move'
  const purpose = `header ${operation}`
  const structs = new SchemaCache((schema) => compileStruct(schema, pairs, moves, replacesNull))
  return (data) => {
    const { schema, value } = data
    if (schema !== null) {
      const struct = requireStruct(schema, value, purpose)
      return structs.get(schema)(data, struct)
    }
    const map = requireMap(value, purpose)
    const added = pairs.map(({ field, header }): Header => ({ key: header, schema: null, value: fieldOf(map, field) }))
    return { data: moves ? sideOf(null, withoutFields(map, pairs)) : data, headers: added }
  }
}

function withoutFields(map: ConnectStruct, pairs: readonly Pair[]): ConnectStruct {
  const kept: NewFields = {}
  for (const name in map) if (!pairs.some(({ field }) => field === name)) setField(kept, name, map[name])
  return kept
}

function compileStruct(
  schema: Schema,
  pairs: readonly Pair[],
  moves: boolean,
  replacesNull: boolean,
): (data: SchemaAndValue, struct: ConnectStruct) => Split {
  const headersOf = compileHeaders(schema, pairs, replacesNull)
  if (!moves) return (data, struct) => ({ data, headers: headersOf(struct) })
  const kept = schema.fields.filter(({ name }) => !pairs.some(({ field }) => field === name))
  const builder = copySchemaBasics(schema, SchemaBuilder.struct())
  for (const field of kept) builder.field(field.name, field.schema)
  const movedSchema = builder.build()
  const copy = compileStructCopy(
    schema,
    kept.map((field) => copiedField(field, replacesNull)),
  )
  return (_data, struct) => ({ data: sideOf(movedSchema, copy(struct)), headers: headersOf(struct) })
}

function compileHeaders(schema: Schema, pairs: readonly Pair[], replacesNull: boolean): (struct: ConnectStruct) => readonly Header[] {
  const sources = pairs.map(({ field, header }) => {
    const found = schema.field(field)
    if (found === null) throw new DataException(`Field does not exist: ${field}. It is to become header ${header}`)
    return { field, header, schema: found.schema, defaultValue: defaultFor(found.schema, replacesNull) }
  })
  return (struct) =>
    sources.map((source): Header => {
      const value: ConnectValue = fieldOf(struct, source.field) ?? source.defaultValue
      if (value === null && !source.schema.optional) {
        throw new DataException(`A null value requires an optional schema but was ${String(source.schema)}`)
      }
      return { key: source.header, schema: source.schema, value }
    })
}
