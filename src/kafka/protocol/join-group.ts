import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface JoinGroupData {
  readonly groupId: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** '' for a first join. */
  readonly memberId: string
  /** Static membership (version 5); null: dynamic. */
  readonly groupInstanceId: string | null
  readonly protocolType: string
  /** In order of preference. */
  readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[]
}

export interface JoinedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: Buffer
}

export interface JoinGroupResponse extends Throttled {
  readonly error: number
  readonly generationId: number
  readonly protocolName: string
  readonly leader: string
  readonly memberId: string
  /** Everybody, for the leader; nobody, for the others. */
  readonly members: readonly JoinedMember[]
}

/** The broker answers when the whole group has joined: give the request the rebalance timeout. */
export function joinGroup(data: JoinGroupData): ApiRequest<JoinGroupResponse> {
  return {
    apiKey: 11,
    apiName: 'JoinGroup',
    minVersion: data.groupInstanceId === null ? 2 : 5,
    maxVersion: 5,
    firstFlexibleVersion: null,
    encode: (version) => encode(data, version),
    decode,
    throttleMs,
  }
}

function encode(data: JoinGroupData, version: number): readonly Buffer[] {
  const writer = new Writer().string(data.groupId).int32(data.sessionTimeoutMs).int32(data.rebalanceTimeoutMs).string(data.memberId)
  if (version >= 5) writer.nullableString(data.groupInstanceId)
  writer.string(data.protocolType).array(data.protocols, (each, { name, metadata }) => each.string(name).bytes(metadata))
  return writer.finish()
}

function decode(body: Buffer, version: number): JoinGroupResponse {
  const reader = new Reader(body)
  return {
    throttleMs: reader.int32(),
    error: reader.int16(),
    generationId: reader.int32(),
    protocolName: reader.string(),
    leader: reader.string(),
    memberId: reader.string(),
    members: reader.array(() => ({
      memberId: reader.string(),
      groupInstanceId: version >= 5 ? reader.nullableString() : null,
      metadata: reader.bytes(),
    })),
  }
}
