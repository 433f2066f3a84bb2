import type { ConnectValue } from './data/connect-value.ts'
import { NULL_VALUE, type SchemaAndValue } from './data/schema-and-value.ts'
import type { Schema } from './data/schema.ts'
import { NO_HEADERS, type Headers } from './header/headers.ts'

/** What every record can be made from; absent means null, no headers. */
export interface ConnectRecordInit {
  readonly topic: string
  /** Null: not chosen (source) — the producer's partitioner decides. */
  readonly kafkaPartition?: number | null
  readonly keySchema?: Schema | null
  readonly key?: ConnectValue
  readonly valueSchema?: Schema | null
  readonly value?: ConnectValue
  /** Epoch milliseconds; null: none. */
  readonly timestamp?: number | null
  readonly headers?: Headers
  /** Key with its schema in one object, in place of `keySchema` and `key`: keeps a lazily parsed key lazy. */
  readonly keyData?: SchemaAndValue
  /** Value with its schema in one object, in place of `valueSchema` and `value`. */
  readonly valueData?: SchemaAndValue
}

/** What a transformation changes; absent means "as it was". Name both parts of a side that changes. */
export type RecordChanges = Partial<ConnectRecordInit>

/** Everything that every record has. */
export type RecordParts = Required<Omit<ConnectRecordInit, 'key' | 'keySchema' | 'value' | 'valueSchema'>>

/**
 * A record between Kafka and a connector. Immutable; `newRecord` gives a changed copy.
 * Key and value are kept as `SchemaAndValue`, so nothing is parsed unless somebody looks,
 * and raw JSON survives transformations that leave the value alone.
 */
export abstract class ConnectRecord {
  readonly topic: string
  readonly kafkaPartition: number | null
  readonly keyData: SchemaAndValue
  readonly valueData: SchemaAndValue
  readonly timestamp: number | null
  readonly headers: Headers

  constructor(init: ConnectRecordInit) {
    this.topic = init.topic
    this.kafkaPartition = init.kafkaPartition ?? null
    this.keyData = init.keyData ?? sideOf(init.keySchema, init.key)
    this.valueData = init.valueData ?? sideOf(init.valueSchema, init.value)
    this.timestamp = init.timestamp ?? null
    this.headers = init.headers ?? NO_HEADERS
  }

  get keySchema(): Schema | null {
    return this.keyData.schema
  }

  get key(): ConnectValue {
    return this.keyData.value
  }

  get valueSchema(): Schema | null {
    return this.valueData.schema
  }

  get value(): ConnectValue {
    return this.valueData.value
  }

  /** A copy with these changes; position in Kafka or in the source stays. Called by transformations. */
  abstract newRecord(changes: RecordChanges): this

  /** This record's parts with the changes laid over them, for `newRecord` of subclasses. */
  protected changed(changes: RecordChanges): RecordParts {
    return {
      topic: changes.topic ?? this.topic,
      kafkaPartition: changes.kafkaPartition === undefined ? this.kafkaPartition : changes.kafkaPartition,
      keyData: changes.keyData ?? changedSide(this.keyData, changes.keySchema, changes.key),
      valueData: changes.valueData ?? changedSide(this.valueData, changes.valueSchema, changes.value),
      timestamp: changes.timestamp === undefined ? this.timestamp : changes.timestamp,
      headers: changes.headers ?? this.headers,
    }
  }
}

function sideOf(schema: Schema | null | undefined, value: ConnectValue | undefined): SchemaAndValue {
  const given = { schema: schema ?? null, value: value ?? null, rawJson: null }
  return given.schema === null && given.value === null ? NULL_VALUE : given
}

function changedSide(side: SchemaAndValue, schema: Schema | null | undefined, value: ConnectValue | undefined): SchemaAndValue {
  if (schema === undefined && value === undefined) return side
  return sideOf(schema === undefined ? side.schema : schema, value === undefined ? side.value : value)
}
