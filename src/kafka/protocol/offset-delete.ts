import type { TopicPartition } from '../../api/sink.ts'
import type { ApiRequest } from '../transport.ts'
import { byTopic } from './by-topic.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface OffsetDeleteResponse extends Throttled {
  readonly error: number
  readonly partitions: readonly (TopicPartition & { readonly error: number })[]
}

/** Goes to the group's coordinator. */
export function offsetDelete(groupId: string, partitions: readonly TopicPartition[]): ApiRequest<OffsetDeleteResponse> {
  return {
    apiKey: 47,
    apiName: 'OffsetDelete',
    minVersion: 0,
    maxVersion: 0,
    firstFlexibleVersion: null,
    encode: () =>
      new Writer()
        .string(groupId)
        .array(byTopic(partitions), (writer, [topic, list]) => {
          writer.string(topic).array(list, (each, { partition }) => each.int32(partition))
        })
        .finish(),
    decode,
    throttleMs,
  }
}

function decode(body: Buffer): OffsetDeleteResponse {
  const reader = new Reader(body)
  const error = reader.int16()
  const throttle = reader.int32()
  const partitions = reader.array(() => {
    const topic = reader.string()
    return reader.array(() => ({ topic, partition: reader.int32(), error: reader.int16() }))
  })
  return { throttleMs: throttle, error, partitions: partitions.flat() }
}
