import { SinkRecord } from 'standpipe/api'
import type { BulkOperation } from '../../../../connectors/elasticsearch/bulk-operation.ts'
import { Batch } from '../../../../connectors/elasticsearch/bulk/batch.ts'
import { BulkBody } from '../../../../connectors/elasticsearch/bulk/bulk-body.ts'

/** An operation that indexes `{"n":offset}` under the offset as id, with what a test changes. */
export function operation(offset: number, changes: Partial<BulkOperation> & { topic?: string; partition?: number } = {}): BulkOperation {
  const { topic = 't', partition = 0, ...parts } = changes
  const record = new SinkRecord({ topic, kafkaPartition: partition, kafkaOffset: offset, timestampType: 'CreateTime', value: null })
  const source = Buffer.from(`{"n":${offset}}`)
  return { record, action: 'index', index: 't', id: String(offset), version: null, retryOnConflict: null, source, ...parts }
}

/** A batch of the operations, which keeps their records. */
export function batchOf(operations: readonly BulkOperation[], keepsRecords = true): Batch {
  const batch = new Batch(new BulkBody(), 0, keepsRecords)
  for (const each of operations) batch.add(each)
  return batch
}

export function operations(count: number): BulkOperation[] {
  return Array.from({ length: count }, (_, offset) => operation(offset))
}

/** Ids of a bulk body in order. */
export function idsOf(body: Buffer | string): string[] {
  return [...body.toString().matchAll(/"_id":"([^"]*)"/g)].map(([, id = '']) => id)
}
