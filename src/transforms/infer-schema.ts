import { ConfigDef } from '../api/config/config-def.ts'
import { atLeast, validString } from '../api/config/validators.ts'
import type { ConnectRecord } from '../api/connect-record.ts'
import type { ConnectValue } from '../api/data/connect-value.ts'
import type { Schema } from '../api/data/schema.ts'
import { DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { InferredType, misfit, type ResolveConflict } from './inferred-type.ts'
import { recordPlace } from './record-text.ts'
import { sideOf } from './side-change.ts'
import { SideTransformation, type Change } from './side-transformation.ts'
import { keyTarget, valueTarget } from './target.ts'

const config = new ConfigDef({
  'on.conflict': {
    type: 'string',
    default: 'string',
    validator: validString('string', 'fail'),
    importance: 'medium',
    doc: 'What becomes of a field that is a number in one record and an object in another. string: text, from then on. fail: the record is bad.',
  },
  'max.fields': {
    type: 'int',
    default: 1000,
    validator: atLeast(1),
    importance: 'low',
    doc: 'Most fields of one topic, those of nested objects included. A record that brings more is bad: its names are data, not fields.',
  },
})

/** Gives schemaless keys a schema, as `InferSchemaValue` does. */
export class InferSchemaKey extends SideTransformation {
  constructor() {
    super(keyTarget, { config, compile })
  }
}

/**
 * Gives plain JSON a schema, so that sinks which need one work. There is one schema a topic: it is told by the values, widens as they come
 * (a field more, INT64 to FLOAT64, anything to text) and stays the same object as long as they fit. All fields are optional.
 * Values that have a schema, and tombstones, are left alone.
 */
export class InferSchemaValue extends SideTransformation {
  constructor() {
    super(valueTarget, { config, compile })
  }
}

/** What is known about a topic. Replaced, not changed: a record that is bad leaves no trace. */
interface TopicSchema {
  readonly type: InferredType
  readonly schema: Schema | null
}

function compile(props: Props): Change {
  const { 'on.conflict': onConflict, 'max.fields': maxFields } = config.parse(props)
  const resolve = onConflict === 'fail' ? refuseConflict : becomeText
  const topics = new Map<string, TopicSchema>()
  return (data, record) => {
    const { schema, value } = data
    if (schema !== null || value === null) return data
    const known = topics.get(record.topic)
    const converted = known === undefined ? misfit : known.type.convert(value)
    if (known !== undefined && converted !== misfit) return sideOf(known.schema, converted)
    const type = widened(known?.type ?? new InferredType(), value, record, resolve, maxFields)
    const wider = { type, schema: type.schema(false) }
    topics.set(record.topic, wider)
    const fitting = type.convert(value)
    return sideOf(wider.schema, fitting === misfit ? null : fitting)
  }
}

function widened(
  known: InferredType,
  value: ConnectValue,
  record: ConnectRecord,
  resolve: ResolveConflict,
  maxFields: number,
): InferredType {
  const type = known.copy()
  type.widen(value, '', resolve)
  if (type.fieldCount <= maxFields) return type
  throw new DataException(`Topic ${record.topic} has more than ${String(maxFields)} fields (max.fields) with ${recordPlace(record)}`)
}

function becomeText(): 'STRING' {
  return 'STRING'
}

const refuseConflict: ResolveConflict = (path, known, found) => {
  throw new DataException(
    `Field ${path === '' ? 'value' : path} is ${found} where it was ${known} before. Set on.conflict=string to make it text`,
  )
}
