import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Reader } from '../../../../src/kafka/protocol/reader.ts'
import { flat, nested, type Api, type PartitionRef } from './api.ts'

export interface MemberRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface JoinGroupRequest {
  readonly groupId: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: string
  readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[]
}

export interface SyncGroupRequest extends MemberRequest {
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
}

export interface LeaveGroupRequest {
  readonly groupId: string
  readonly members: readonly { readonly memberId: string; readonly groupInstanceId: string | null }[]
}

export interface OffsetCommitRequest extends MemberRequest {
  readonly partitions: readonly (PartitionRef & {
    readonly offset: number
    readonly leaderEpoch: number
    readonly metadata: string | null
  })[]
}

export interface OffsetFetchRequest {
  readonly groupId: string
  /** Null: all. */
  readonly partitions: readonly PartitionRef[] | null
  readonly requireStable: boolean
}

export const joinGroup: Api<JoinGroupRequest> = {
  key: 11,
  versions: [2, 5],
  decode: (reader, version) => ({
    groupId: reader.string(),
    sessionTimeoutMs: reader.int32(),
    rebalanceTimeoutMs: reader.int32(),
    memberId: reader.string(),
    groupInstanceId: version >= 5 ? reader.nullableString() : null,
    protocolType: reader.string(),
    protocols: reader.array(() => ({ name: reader.string(), metadata: Buffer.from(reader.bytes()) })),
  }),
  async handle(request, exchange) {
    const { cluster, version } = exchange
    const answer = await cluster.group(exchange, request.groupId).join(request, exchange.clientId, version >= 4)
    const writer = new Writer().int32(exchange.throttleMs).int16(answer.error).int32(answer.generationId)
    writer.string(answer.protocolName).string(answer.leader).string(answer.memberId)
    return writer.array(answer.members, (_, { memberId, groupInstanceId, metadata }) => {
      writer.string(memberId)
      if (version >= 5) writer.nullableString(groupInstanceId)
      writer.bytes(metadata)
    })
  },
}

export const syncGroup: Api<SyncGroupRequest> = {
  key: 14,
  versions: [1, 3],
  decode: (reader, version) => ({
    ...decodeMember(reader, version >= 3),
    assignments: reader.array(() => ({ memberId: reader.string(), assignment: Buffer.from(reader.bytes()) })),
  }),
  async handle(request, exchange) {
    const { error, assignment } = await exchange.cluster.group(exchange, request.groupId).sync(request)
    return new Writer().int32(exchange.throttleMs).int16(error).bytes(assignment)
  },
}

export const heartbeat: Api<MemberRequest> = {
  key: 12,
  versions: [1, 3],
  decode: (reader, version) => decodeMember(reader, version >= 3),
  handle: (request, exchange) =>
    new Writer().int32(exchange.throttleMs).int16(exchange.cluster.group(exchange, request.groupId).heartbeat(request)),
}

export const leaveGroup: Api<LeaveGroupRequest> = {
  key: 13,
  versions: [1, 3],
  decode: (reader, version) => ({
    groupId: reader.string(),
    members:
      version >= 3
        ? reader.array(() => ({ memberId: reader.string(), groupInstanceId: reader.nullableString() }))
        : [{ memberId: reader.string(), groupInstanceId: null }],
  }),
  handle({ groupId, members }, exchange) {
    const group = exchange.cluster.group(exchange, groupId)
    const errors = members.map(({ memberId }) => group.leave(memberId))
    const writer = new Writer().int32(exchange.throttleMs)
    if (exchange.version < 3) return writer.int16(errors[0] ?? 0)
    return writer.int16(0).array([...members.entries()], (_, [index, { memberId, groupInstanceId }]) => {
      writer.string(memberId).nullableString(groupInstanceId).int16(errors[index]!)
    })
  },
}

export const offsetCommit: Api<OffsetCommitRequest> = {
  key: 8,
  versions: [2, 7],
  decode(reader, version) {
    const member = decodeMember(reader, version >= 7)
    if (version <= 4) reader.int64()
    const partitions = flat(reader, (topic) => {
      const [partition, offset] = [reader.int32(), reader.int64()]
      const leaderEpoch = version >= 6 ? reader.int32() : -1
      return { topic, partition, offset, leaderEpoch, metadata: reader.nullableString() }
    })
    return { ...member, partitions }
  },
  handle(request, exchange) {
    const group = exchange.cluster.group(exchange, request.groupId)
    const refused = group.canCommit(request)
    const writer = new Writer()
    if (exchange.version >= 3) writer.int32(exchange.throttleMs)
    return nested(writer, request.partitions, ({ topic, partition, offset, leaderEpoch }) => {
      const error = refused !== 0 ? refused : exchange.errorOf(topic, partition)
      if (error === 0) group.commit(topic, partition, offset, leaderEpoch)
      writer.int32(partition).int16(error)
    })
  },
}

export const offsetFetch: Api<OffsetFetchRequest> = {
  key: 9,
  versions: [2, 7],
  flexible: 6,
  decode(reader, version) {
    if (version >= 6) return decodeFlexibleOffsetFetch(reader, version)
    const groupId = reader.string()
    const topics = reader.nullableArray(() => [reader.string(), reader.array(() => reader.int32())] as const)
    return { groupId, partitions: refs(topics), requireStable: false }
  },
  handle(request, exchange) {
    const { version, throttleMs } = exchange
    const group = exchange.cluster.group(exchange, request.groupId)
    const found = (request.partitions ?? group.committedPartitions()).map(({ topic, partition }) => {
      const error = group.error !== 0 ? group.error : exchange.errorOf(topic, partition)
      if (error !== 0) return { topic, partition, error, offset: -1, leaderEpoch: -1 }
      return { topic, partition, error, offset: group.committed(topic, partition), leaderEpoch: group.committedEpoch(topic, partition) }
    })
    const writer = new Writer()
    if (version >= 3) writer.int32(throttleMs)
    if (version < 6) {
      nested(writer, found, ({ partition, offset, leaderEpoch, error }) => {
        writer.int32(partition).int64(offset)
        if (version >= 5) writer.int32(leaderEpoch)
        writer.string('').int16(error)
      })
      return writer.int16(group.error)
    }
    const topics = Map.groupBy(found, ({ topic }) => topic)
    writer.compactArray(topics, (_, [topic, list]) => {
      writer.compactString(topic).compactArray(list, (__, { partition, offset, leaderEpoch, error }) => {
        writer.int32(partition).int64(offset).int32(leaderEpoch).compactString('').int16(error).noTags()
      })
      writer.noTags()
    })
    return writer.int16(group.error).noTags()
  },
}

function decodeFlexibleOffsetFetch(reader: Reader, version: number): OffsetFetchRequest {
  const groupId = reader.compactString()
  const isAll = reader.buffer[reader.position] === 0
  const topics = reader.compactArray(() => {
    const topic = [reader.compactString(), reader.compactArray(() => reader.int32())] as const
    reader.skipTags()
    return topic
  })
  return { groupId, partitions: isAll ? null : refs(topics), requireStable: version >= 7 ? reader.boolean() : false }
}

function refs(topics: readonly (readonly [string, readonly number[]])[] | null): PartitionRef[] | null {
  return topics?.flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition }))) ?? null
}

function decodeMember(reader: Reader, hasInstanceId: boolean): MemberRequest {
  return {
    groupId: reader.string(),
    generationId: reader.int32(),
    memberId: reader.string(),
    groupInstanceId: hasInstanceId ? reader.nullableString() : null,
  }
}
