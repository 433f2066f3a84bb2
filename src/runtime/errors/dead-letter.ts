import { inspect } from 'node:util'
import type { ConnectValue } from '../../api/data/connect-value.ts'
import type { Schema } from '../../api/data/schema.ts'
import type { SourceOffset, SourcePartition, SourceRecord } from '../../api/source.ts'
import { PayloadWriter } from '../../converters/json/payload-writer.ts'
import { writeSchema } from '../../converters/json/schema-writer.ts'
import type { RecordHeader, TimestampType } from '../../kafka/ports.ts'
import { offsetValue } from '../../offsets/offset-json.ts'
import type { FailedRecord } from './processing-context.ts'

/** A failed record as a dead letter queue keeps it. */
export interface DeadLetter {
  readonly topic: string
  /** Null: a source record whose partition was left to the producer. */
  readonly partition: number | null
  /** Null: a source record, which has none yet. */
  readonly offset: number | null
  /** Null: none. */
  readonly timestamp: number | null
  readonly timestampType: TimestampType | null
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
  /** Null: a consumed record. */
  readonly source: SourcePlace | null
}

/** Where a source record came from and what its bytes do not say, each as JSON text. */
export interface SourcePlace {
  readonly partition: string
  readonly offset: string
  /** Connect's JSON form of the schema; null: none. */
  readonly keySchema: string | null
  readonly valueSchema: string | null
}

const payloads = new PayloadWriter({ decimalFormat: 'NUMERIC', replaceNullWithDefault: false })

/**
 * The bytes of a consumed record are as they were. A source record has none yet, or none that Kafka takes: its key, value and headers are
 * what the task polled, before transformations, as plain JSON.
 */
export function deadLetterOf(record: FailedRecord): DeadLetter {
  if ('source' in record) return sourceLetter(record.source)
  // named one by one: a consumed record may keep them behind getters
  const { topic, partition, offset, timestamp, timestampType, key, value, headers } = record.consumed
  const time = timestamp < 0 ? { timestamp: null, timestampType: null } : { timestamp, timestampType }
  return { topic, partition, offset, ...time, key, value, headers, source: null }
}

function sourceLetter(record: SourceRecord): DeadLetter {
  const { topic, kafkaPartition, timestamp, keySchema, valueSchema } = record
  const isTimed = timestamp !== null && timestamp >= 0
  return {
    topic,
    partition: kafkaPartition,
    offset: null,
    timestamp: isTimed ? timestamp : null,
    timestampType: isTimed ? 'CreateTime' : null,
    key: jsonBytes(keySchema, record.key),
    value: jsonBytes(valueSchema, record.value),
    headers: record.headers.map(({ key, schema, value }) => ({ key, value: jsonBytes(schema, value) })),
    source: {
      partition: placeText(record.sourcePartition),
      offset: placeText(record.sourceOffset),
      keySchema: schemaText(keySchema),
      valueSchema: schemaText(valueSchema),
    },
  }
}

function jsonBytes(schema: Schema | null, value: ConnectValue): Buffer | null {
  return value === null ? null : Buffer.from(jsonOr(value, () => payloads.write(schema, value)))
}

function schemaText(schema: Schema | null): string | null {
  return schema === null ? null : jsonOr(schema, () => writeSchema(schema, payloads))
}

function placeText(place: SourcePartition | SourceOffset | null): string {
  return jsonOr(place, () => offsetValue(place)?.toString() ?? 'null')
}

/** A value that its schema does not describe may be just what failed: it is shown, as a JSON string, as a person would look at it. */
function jsonOr(value: unknown, json: () => string): string {
  try {
    return json()
  } catch {
    return JSON.stringify(inspect(value, { depth: 10, breakLength: Infinity, maxArrayLength: null, maxStringLength: null }))
  }
}
