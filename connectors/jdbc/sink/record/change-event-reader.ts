import type { ConnectStruct, ConnectValue, Schema, SinkRecord } from 'standpipe/api'
import { emptyContent, type ContentReader, type RecordTask } from './content-reader.ts'

/**
 * Takes rows out of Debezium's change events: what is created, read or updated is a row, a delete deletes by key. Records that are no
 * events are rows themselves. Debezium, KafkaDebeziumSinkRecord.
 */
export class ChangeEventReader implements ContentReader {
  readonly content = emptyContent()
  source: ConnectStruct | null = null
  readonly #cloudEvents: RegExp | null

  /** @param cloudEvents names of schemas whose `data` is the event */
  constructor(cloudEvents: RegExp | null) {
    this.#cloudEvents = cloudEvents
  }

  read(record: SinkRecord): RecordTask {
    const { content } = this
    content.record = record
    content.keySchema = record.keySchema
    content.key = record.key
    this.#setValue(record.valueSchema, record.value)
    content.isDelete = content.value === null
    this.source = null
    if (content.valueSchema?.name?.includes('SchemaChangeValue') === true) return 'nothing'
    return isEvent(content.valueSchema) && content.value !== null
      ? this.#event(content.valueSchema, content.value as ConnectStruct)
      : 'change'
  }

  #event(schema: Schema, event: ConnectStruct): RecordTask {
    this.source = (event['source'] ?? null) as ConnectStruct | null
    const operation = event['op']
    if (operation === 't') return 'truncate'
    if (operation === 'm') return 'nothing'
    const part = operation === 'd' ? 'before' : 'after'
    this.#setValue(schema.field(part)?.schema ?? null, event[part] ?? null)
    this.content.isDelete = operation === 'd'
    return 'change'
  }

  #setValue(schema: Schema | null, value: ConnectValue): void {
    const { content } = this
    const data = schema?.name !== null && schema !== null && this.#cloudEvents?.test(schema.name) === true ? schema.field('data') : null
    content.valueSchema = data === null ? schema : data.schema
    content.value = data === null || value === null ? value : ((value as ConnectStruct)['data'] ?? null)
  }
}

function isEvent(schema: Schema | null): schema is Schema {
  if (schema === null || schema.type !== 'STRUCT') return false
  return schema.name === null ? schema.field('op') !== null : schema.name.endsWith('Envelope')
}
