import type { TopicPartition, TopicPartitionOffset } from '../../api/sink.ts'
import type { ApiRequest } from '../transport.ts'
import { byTopic } from './by-topic.ts'
import type { GroupMemberIdentity } from './group-member.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import type { TransactionIdentity } from './transaction-identity.ts'
import { Writer } from './writer.ts'

export interface TxnOffsetCommitData {
  readonly transaction: TransactionIdentity
  /** Generation -1 and an empty member id: the group is not asked whether the member is in it (KIP-447, version 3). */
  readonly group: GroupMemberIdentity
  readonly offsets: readonly TopicPartitionOffset[]
}

export interface TxnOffsetCommitResponse extends Throttled {
  readonly partitions: readonly (TopicPartition & { readonly error: number })[]
}

/** First version with tagged fields, and with the group's member. */
const FLEXIBLE = 3

/** Goes to the group's coordinator. */
export function txnOffsetCommit(data: TxnOffsetCommitData): ApiRequest<TxnOffsetCommitResponse> {
  const { generationId, memberId, groupInstanceId } = data.group
  const namesMember = generationId >= 0 || memberId !== '' || groupInstanceId !== null
  return {
    apiKey: 28,
    apiName: 'TxnOffsetCommit',
    minVersion: namesMember ? FLEXIBLE : 0,
    maxVersion: 3,
    firstFlexibleVersion: FLEXIBLE,
    encode: (version) => (version < FLEXIBLE ? encode(data, version) : encodeFlexible(data)),
    decode: (body, version) => (version < FLEXIBLE ? decode(body) : decodeFlexible(body)),
    throttleMs,
  }
}

function encode({ transaction, group, offsets }: TxnOffsetCommitData, version: number): readonly Buffer[] {
  const { transactionalId, producerId, producerEpoch } = transaction
  const writer = new Writer().string(transactionalId).string(group.groupId).int64(producerId).int16(producerEpoch)
  writer.array(byTopic(offsets), (each, [topic, list]) => {
    each.string(topic).array(list, (_, { partition, offset }) => {
      writer.int32(partition).int64(offset)
      if (version >= 2) writer.int32(-1) // leader epoch
      writer.nullableString('') // metadata
    })
  })
  return writer.finish()
}

function encodeFlexible({ transaction, group, offsets }: TxnOffsetCommitData): readonly Buffer[] {
  const { transactionalId, producerId, producerEpoch } = transaction
  const writer = new Writer().compactString(transactionalId).compactString(group.groupId).int64(producerId).int16(producerEpoch)
  writer.int32(group.generationId).compactString(group.memberId).compactNullableString(group.groupInstanceId)
  writer.compactArray(byTopic(offsets), (each, [topic, list]) => {
    each.compactString(topic).compactArray(list, (_, { partition, offset }) => {
      writer.int32(partition).int64(offset).int32(-1).compactNullableString('').noTags()
    })
    each.noTags()
  })
  return writer.noTags().finish()
}

function decode(body: Buffer): TxnOffsetCommitResponse {
  const reader = new Reader(body)
  const throttle = reader.int32()
  const topics = reader.array(() => {
    const topic = reader.string()
    return reader.array(() => ({ topic, partition: reader.int32(), error: reader.int16() }))
  })
  return { throttleMs: throttle, partitions: topics.flat() }
}

function decodeFlexible(body: Buffer): TxnOffsetCommitResponse {
  const reader = new Reader(body)
  const throttle = reader.int32()
  const partitions: (TopicPartition & { error: number })[] = []
  reader.compactArray(() => {
    const topic = reader.compactString()
    reader.compactArray(() => {
      partitions.push({ topic, partition: reader.int32(), error: reader.int16() })
      reader.skipTags()
    })
    reader.skipTags()
  })
  return { throttleMs: throttle, partitions }
}
