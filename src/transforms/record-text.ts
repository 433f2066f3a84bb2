import type { ConnectRecord } from '../api/connect-record.ts'
import { javaText } from '../api/data/java-text.ts'
import { SinkRecord } from '../api/sink.ts'
import { SourceRecord } from '../api/source.ts'

/** Java's text of a record, as its messages show it. */
export function recordText(record: ConnectRecord): string {
  const { topic, kafkaPartition, key, keySchema, value, valueSchema, timestamp } = record
  const parts = [
    `topic='${topic}'`,
    `kafkaPartition=${String(kafkaPartition)}`,
    `key=${javaText(key, keySchema)}`,
    `keySchema=${String(keySchema)}`,
    `value=${javaText(value, valueSchema)}`,
    `valueSchema=${String(valueSchema)}`,
    `timestamp=${String(timestamp)}`,
    `headers=ConnectHeaders(headers=${headersText(record)})`,
  ]
  return `${placeText(record)}ConnectRecord{${parts.join(', ')}}`
}

/** Where a record is from, for messages: `t-2@42`, or partition and offset of the source. */
export function recordPlace(record: ConnectRecord): string {
  if (record instanceof SinkRecord) {
    return `record ${record.originalTopic}-${String(record.originalKafkaPartition)}@${String(record.originalKafkaOffset)}`
  }
  if (!(record instanceof SourceRecord)) return `a record of topic ${record.topic}`
  return `record of topic ${record.topic} from ${javaText(record.sourcePartition, null)} at ${javaText(record.sourceOffset, null)}`
}

function placeText(record: ConnectRecord): string {
  if (record instanceof SourceRecord) {
    return `SourceRecord{sourcePartition=${javaText(record.sourcePartition, null)}, sourceOffset=${javaText(record.sourceOffset, null)}} `
  }
  if (!(record instanceof SinkRecord)) return ''
  const { kafkaOffset, timestampType, originalTopic, originalKafkaPartition, originalKafkaOffset } = record
  const original = `originalTopic=${originalTopic}, originalKafkaPartition=${String(originalKafkaPartition)}, originalKafkaOffset=${String(originalKafkaOffset)}`
  return `SinkRecord{kafkaOffset=${String(kafkaOffset)}, timestampType=${timestampType}, ${original}} `
}

function headersText({ headers }: ConnectRecord): string {
  if (headers.length === 0) return ''
  return `[${headers.map(({ key, value, schema }) => `ConnectHeader(key=${key}, value=${javaText(value, schema)}, schema=${String(schema)})`).join(', ')}]`
}
