import type { TopicPartition } from '../../api/sink.ts'
import type { ApiRequest } from '../transport.ts'
import { byTopic } from './by-topic.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface OffsetFetchData {
  readonly groupId: string
  /** Null: every partition the group has an offset for. */
  readonly partitions: readonly TopicPartition[] | null
  /** Wait for open transactions that carry offsets (read_committed); needs version 7. */
  readonly requireStable: boolean
}

export interface FetchedOffset extends TopicPartition {
  /** -1: none is committed. */
  readonly offset: number
  /** As it was committed; -1: unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly error: number
}

export interface OffsetFetchResponse extends Throttled {
  readonly error: number
  readonly partitions: readonly FetchedOffset[]
}

export function offsetFetch(data: OffsetFetchData): ApiRequest<OffsetFetchResponse> {
  return {
    apiKey: 9,
    apiName: 'OffsetFetch',
    minVersion: data.requireStable ? 7 : 2,
    maxVersion: 7,
    firstFlexibleVersion: FLEXIBLE,
    encode: (version) => (version < FLEXIBLE ? encode(data) : encodeFlexible(data, version)),
    decode: (body, version) => (version < FLEXIBLE ? decode(body, version) : decodeFlexible(body)),
    throttleMs,
  }
}

const FLEXIBLE = 6

function encode({ groupId, partitions }: OffsetFetchData): readonly Buffer[] {
  return new Writer()
    .string(groupId)
    .array(partitions === null ? null : byTopic(partitions), (writer, [topic, list]) => {
      writer.string(topic).array(list, (each, { partition }) => each.int32(partition))
    })
    .finish()
}

function encodeFlexible({ groupId, partitions, requireStable }: OffsetFetchData, version: number): readonly Buffer[] {
  const writer = new Writer()
    .compactString(groupId)
    .compactArray(partitions === null ? null : byTopic(partitions), (each, [topic, list]) => {
      each
        .compactString(topic)
        .compactArray(list, (_, { partition }) => each.int32(partition))
        .noTags()
    })
  if (version >= 7) writer.boolean(requireStable)
  return writer.noTags().finish()
}

function decode(body: Buffer, version: number): OffsetFetchResponse {
  const reader = new Reader(body)
  const throttle = version >= 3 ? reader.int32() : 0
  const partitions: FetchedOffset[] = []
  reader.array(() => {
    const topic = reader.string()
    reader.array(() => {
      const partition = reader.int32()
      const offset = reader.int64()
      const leaderEpoch = version >= 5 ? reader.int32() : -1
      partitions.push({ topic, partition, offset, leaderEpoch, metadata: reader.string(), error: reader.int16() })
    })
  })
  return { throttleMs: throttle, partitions, error: reader.int16() }
}

function decodeFlexible(body: Buffer): OffsetFetchResponse {
  const reader = new Reader(body)
  const throttle = reader.int32()
  const partitions: FetchedOffset[] = []
  reader.compactArray(() => {
    const topic = reader.compactString()
    reader.compactArray(() => {
      const partition = reader.int32()
      const offset = reader.int64()
      const leaderEpoch = reader.int32()
      partitions.push({ topic, partition, offset, leaderEpoch, metadata: reader.compactString(), error: reader.int16() })
      reader.skipTags()
    })
    reader.skipTags()
  })
  return { throttleMs: throttle, partitions, error: reader.int16() }
}
