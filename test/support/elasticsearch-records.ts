import { SinkRecord, type ConnectValue, type Headers, type Schema } from 'standpipe/api'
import type { BulkOperation } from '../../connectors/elasticsearch/bulk-operation.ts'
import { BulkBody } from '../../connectors/elasticsearch/bulk/bulk-body.ts'
import { readElasticsearchSinkSettings } from '../../connectors/elasticsearch/config/settings.ts'
import { OperationFactory } from '../../connectors/elasticsearch/document/operation-factory.ts'
import { JsonConverter } from '../../src/converters/json-converter.ts'

const jsonConverter = new JsonConverter()
jsonConverter.configure({ 'schemas.enable': 'false' }, false)

/** Properties B of the acceptance tests. */
export const baseProps = { topics: 't', 'connection.url': 'http://localhost:9200', 'schema.ignore': 'true', 'key.ignore': 'true' }

export interface RecordParts {
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly key?: ConnectValue
  readonly keySchema?: Schema
  readonly value?: ConnectValue
  readonly valueSchema?: Schema
  /** JSON text that the value is read from, without a schema. */
  readonly raw?: string
  readonly timestamp?: number | null
  readonly headers?: Headers
}

/** `t-0@7 k→{"a":1}` unless said otherwise; a value of undefined counts as not said. */
export function sinkRecord(parts: RecordParts = {}): SinkRecord {
  const { raw, valueSchema, value = { a: 1 } } = parts
  return new SinkRecord({
    topic: parts.topic ?? 't',
    kafkaPartition: parts.partition ?? 0,
    kafkaOffset: parts.offset ?? 7,
    timestampType: 'CreateTime',
    timestamp: parts.timestamp === undefined ? 1_700_000_000_000 : parts.timestamp,
    keySchema: parts.keySchema ?? null,
    key: parts.key === undefined ? 'k' : parts.key,
    valueData: raw === undefined ? { schema: valueSchema ?? null, value } : jsonConverter.toConnectData('t', Buffer.from(raw)),
    headers: parts.headers ?? [],
  })
}

/** A factory for B and these properties. */
export function operationFactory(props: Readonly<Record<string, string>> = {}): OperationFactory {
  return new OperationFactory(readElasticsearchSinkSettings({ ...baseProps, ...props }))
}

/** The operation for B and these properties. */
export function operationOf(props: Readonly<Record<string, string>>, parts: RecordParts = {}): BulkOperation | null {
  return operationFactory(props).operationOf(sinkRecord(parts))
}

/** The lines that the record becomes in a bulk request. */
export function linesOf(props: Readonly<Record<string, string>>, parts: RecordParts = {}): string[] {
  const operation = operationOf(props, parts)
  if (operation === null) return []
  const body = new BulkBody()
  body.append(operation)
  return body.view().toString().slice(0, -1).split('\n')
}

/** Text of the document that the record becomes. */
export function documentOf(props: Readonly<Record<string, string>>, parts: RecordParts = {}): string {
  return String(operationOf(props, parts)?.source)
}
