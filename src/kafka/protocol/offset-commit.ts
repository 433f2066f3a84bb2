import type { TopicPartition, TopicPartitionOffset } from '../../api/sink.ts'
import type { ApiRequest } from '../transport.ts'
import { byTopic } from './by-topic.ts'
import type { GroupMemberIdentity } from './group-member.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

/** An offset with the leader epoch of the last record before it, so that whoever starts there notices a log that was cut off meanwhile. */
export interface OffsetToCommit extends TopicPartitionOffset {
  /** -1, or none: unknown. */
  readonly leaderEpoch?: number
}

export interface OffsetCommitResponse extends Throttled {
  readonly partitions: readonly (TopicPartition & { readonly error: number })[]
}

/** Generation -1 and an empty member id commit for a group without members, as admin tools and standalone consumers do. */
export function offsetCommit(member: GroupMemberIdentity, offsets: readonly OffsetToCommit[]): ApiRequest<OffsetCommitResponse> {
  return {
    apiKey: 8,
    apiName: 'OffsetCommit',
    minVersion: member.groupInstanceId === null ? 2 : 7,
    maxVersion: 7,
    firstFlexibleVersion: null,
    encode: (version) => encode(member, offsets, version),
    decode,
    throttleMs,
  }
}

function encode(member: GroupMemberIdentity, offsets: readonly OffsetToCommit[], version: number): readonly Buffer[] {
  const writer = new Writer().string(member.groupId).int32(member.generationId).string(member.memberId)
  if (version >= 7) writer.nullableString(member.groupInstanceId)
  if (version <= 4) writer.int64(-1) // retention: the broker's
  writer.array(byTopic(offsets), (each, [topic, partitions]) => {
    each.string(topic).array(partitions, (_, { partition, offset, leaderEpoch = -1 }) => {
      writer.int32(partition).int64(offset)
      if (version >= 6) writer.int32(leaderEpoch)
      writer.string('') // metadata
    })
  })
  return writer.finish()
}

function decode(body: Buffer, version: number): OffsetCommitResponse {
  const reader = new Reader(body)
  const throttle = version >= 3 ? reader.int32() : 0
  const partitions: (TopicPartition & { error: number })[] = []
  reader.array(() => {
    const topic = reader.string()
    reader.array(() => partitions.push({ topic, partition: reader.int32(), error: reader.int16() }))
  })
  return { throttleMs: throttle, partitions }
}
