import type { TopicPartition, TopicPartitionOffset } from '../../api/sink.ts'
import type { ApiRequest } from '../transport.ts'
import { byTopic } from './by-topic.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface DeleteRecordsResponse extends Throttled {
  readonly partitions: readonly (TopicPartition & { readonly lowWatermark: number; readonly error: number })[]
}

/** Deletes what is before the offsets; -1: everything. Goes to the partitions' leader. */
export function deleteRecords(before: readonly TopicPartitionOffset[], timeoutMs: number): ApiRequest<DeleteRecordsResponse> {
  return {
    apiKey: 21,
    apiName: 'DeleteRecords',
    minVersion: 0,
    maxVersion: 1,
    firstFlexibleVersion: null,
    encode: () =>
      new Writer()
        .array(byTopic(before), (writer, [topic, partitions]) => {
          writer.string(topic).array(partitions, (each, { partition, offset }) => each.int32(partition).int64(offset))
        })
        .int32(timeoutMs)
        .finish(),
    decode,
    throttleMs,
  }
}

function decode(body: Buffer): DeleteRecordsResponse {
  const reader = new Reader(body)
  const throttle = reader.int32()
  const partitions = reader.array(() => {
    const topic = reader.string()
    return reader.array(() => ({ topic, partition: reader.int32(), lowWatermark: reader.int64(), error: reader.int16() }))
  })
  return { throttleMs: throttle, partitions: partitions.flat() }
}
