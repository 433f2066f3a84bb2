import type { ConnectRecord } from '../../src/api/connect-record.ts'
import type { Header } from '../../src/api/header/headers.ts'
import { SinkRecord } from '../../src/api/sink.ts'
import { SourceRecord } from '../../src/api/source.ts'
import { comparable, comparableSchema, decodeData, type RecordedSchema, type TaggedValue } from './compat-data.ts'

/** A record as the recorded cases have it; see test/compat/README.md. */
export interface RecordedRecord {
  readonly kind: 'source' | 'sink'
  readonly topic: string
  readonly partition: number | null
  readonly keySchema: RecordedSchema | null
  readonly key: TaggedValue
  readonly valueSchema: RecordedSchema | null
  readonly value: TaggedValue
  readonly timestamp: number | null
  readonly headers: readonly { readonly key: string; readonly schema: RecordedSchema | null; readonly value: TaggedValue }[]
  readonly offset?: number
}

export function decodeRecord(recorded: RecordedRecord): ConnectRecord {
  const { topic, timestamp } = recorded
  const headers = recorded.headers.map((header): Header => ({ key: header.key, ...decodeData(header) }))
  const keyData = decodeData({ schema: recorded.keySchema, value: recorded.key })
  const valueData = decodeData({ schema: recorded.valueSchema, value: recorded.value })
  if (recorded.kind === 'source') {
    const sourcePartition = { p: 1 }
    return new SourceRecord({
      topic,
      kafkaPartition: recorded.partition,
      keyData,
      valueData,
      timestamp,
      headers,
      sourcePartition,
      sourceOffset: { o: 1 },
    })
  }
  const place = { topic, kafkaPartition: recorded.partition ?? 0, kafkaOffset: recorded.offset ?? 0 }
  return new SinkRecord({ ...place, keyData, valueData, timestamp, headers, timestampType: 'CreateTime' })
}

/** A record as plain data that shows what matters, for toEqual. */
export function comparableRecord(record: ConnectRecord | null): unknown {
  if (record === null) return null
  const { topic, kafkaPartition, keySchema, key, valueSchema, value, timestamp, headers } = record
  return {
    topic,
    kafkaPartition,
    timestamp,
    offset: record instanceof SinkRecord ? record.kafkaOffset : null,
    key: { schema: comparableSchema(keySchema), value: comparable(key, keySchema) },
    value: { schema: comparableSchema(valueSchema), value: comparable(value, valueSchema) },
    headers: headers.map((header) => [header.key, comparableSchema(header.schema), comparable(header.value, header.schema)]),
  }
}
