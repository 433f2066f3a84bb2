import { ConfigDef } from '../api/config/config-def.ts'
import type { ConnectRecord } from '../api/connect-record.ts'
import type { ConnectStruct, ConnectValue } from '../api/data/connect-value.ts'
import { TimestampLogical } from '../api/data/logical.ts'
import { SchemaBuilder } from '../api/data/schema-builder.ts'
import type { Schema } from '../api/data/schema.ts'
import { ConfigException, DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { SinkRecord } from '../api/sink.ts'
import { setField, type NewFields } from './fields.ts'
import { replaceNullWithDefault } from './replace-null.ts'
import { copySchemaBasics } from './schema-basics.ts'
import { changeFields, unlessNull, type StructChange } from './side-change.ts'
import { SideTransformation, type Change } from './side-transformation.ts'
import { compileStructCopy, copiedField } from './struct-copy.ts'
import { keyTarget, valueTarget } from './target.ts'

const purpose = 'field insertion'
const optionality = "A name that ends in '!' makes a required field, one that ends in '?' an optional one (the default)."

const config = new ConfigDef({
  'topic.field': { type: 'string', default: null, importance: 'medium', doc: `Field for the topic. ${optionality}` },
  'partition.field': { type: 'string', default: null, importance: 'medium', doc: `Field for the partition. ${optionality}` },
  'offset.field': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: `Field for the offset, in sink connectors only. ${optionality}`,
  },
  'timestamp.field': { type: 'string', default: null, importance: 'medium', doc: `Field for the record's timestamp. ${optionality}` },
  'static.field': { type: 'string', default: null, importance: 'medium', doc: `Field for static.value. ${optionality}` },
  'static.value': { type: 'string', default: null, importance: 'medium', doc: 'What goes into static.field.' },
  ...replaceNullWithDefault,
})

/** Adds where the record is from, or a constant, to the key. Apache Kafka 4.3, InsertField. */
export class InsertFieldKey extends SideTransformation {
  constructor() {
    super(keyTarget, { config, compile })
  }
}

/** Adds where the record is from, or a constant, to the value. */
export class InsertFieldValue extends SideTransformation {
  constructor() {
    super(valueTarget, { config, compile })
  }
}

/** One field to add. */
interface Insertion {
  readonly name: string
  readonly schema: Schema
  /** Null: the record has none, the field is not set. */
  plain(record: ConnectRecord): ConnectValue
  /** The same for a struct. */
  typed(record: ConnectRecord): ConnectValue
}

type Source = Pick<Insertion, 'plain' | 'typed'> & { readonly builder: () => SchemaBuilder }

const topic: Source = { builder: () => SchemaBuilder.string(), plain: topicOf, typed: topicOf }
const partition: Source = { builder: () => SchemaBuilder.int32(), plain: partitionOf, typed: partitionOf }
const offset: Source = { builder: () => SchemaBuilder.int64(), plain: offsetOf, typed: (record) => BigInt(offsetOf(record)) }
const timestamp: Source = {
  builder: () => TimestampLogical.builder(),
  plain: (record) => record.timestamp,
  typed: (record) => (record.timestamp === null ? null : new Date(record.timestamp)),
}

function compile(props: Props): Change {
  const { 'replace.null.with.default': replacesNull, ...names } = config.parse(props)
  const insertions = [
    insertion(names['topic.field'], topic),
    insertion(names['partition.field'], partition),
    insertion(names['offset.field'], offset),
    insertion(names['timestamp.field'], timestamp),
    insertion(names['static.field'], constant(names['static.field'], names['static.value'])),
  ].filter((each) => each !== null)
  if (insertions.length === 0) throw new ConfigException('No field insertion configured')
  return unlessNull(
    changeFields({
      purpose,
      map: (map, record) => inserted({ ...map }, insertions, record),
      struct: (schema) => compileStruct(schema, insertions, replacesNull),
    }),
  )
}

function insertion(text: string | null, { builder, plain, typed }: Source): Insertion | null {
  if (text === null) return null
  const schema = builder()
  const name = /[?!]$/.test(text) ? text.slice(0, -1) : text
  return { name, schema: text.endsWith('!') ? schema.build() : schema.optional().build(), plain, typed }
}

/** @throws ConfigException when there is a field for the constant and no constant */
function constant(field: string | null, value: string | null): Source {
  if (field !== null && value === null) {
    throw ConfigException.forKey('static.value', value, `No value specified for static field: ${field}`)
  }
  return { builder: () => SchemaBuilder.string(), plain: () => value, typed: () => value }
}

function inserted(map: NewFields, insertions: readonly Insertion[], record: ConnectRecord): ConnectStruct {
  for (const each of insertions) {
    const value = each.plain(record)
    if (value !== null) setField(map, each.name, value)
  }
  return map
}

function compileStruct(schema: Schema, insertions: readonly Insertion[], replacesNull: boolean): StructChange {
  const builder = copySchemaBasics(schema, SchemaBuilder.struct())
  for (const field of schema.fields) builder.field(field.name, field.schema)
  for (const each of insertions) builder.field(each.name, each.schema)
  const copy = compileStructCopy(
    schema,
    schema.fields.map((field) => copiedField(field, replacesNull)),
  )
  return {
    schema: builder.build(),
    change: (struct, record) => {
      const changed = copy(struct)
      for (const each of insertions) setField(changed, each.name, each.typed(record))
      return changed
    },
  }
}

function topicOf(record: ConnectRecord): string {
  return record.topic
}

function partitionOf(record: ConnectRecord): number | null {
  return record.kafkaPartition
}

function offsetOf(record: ConnectRecord): number {
  if (record instanceof SinkRecord) return record.kafkaOffset
  throw new DataException(`Only SinkRecord supported for [${purpose}], found: org.apache.kafka.connect.source.SourceRecord`)
}
