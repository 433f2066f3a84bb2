import type { ApiRequest } from '../transport.ts'
import type { GroupMemberIdentity } from './group-member.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface HeartbeatResponse extends Throttled {
  readonly error: number
}

export function heartbeat(member: GroupMemberIdentity): ApiRequest<HeartbeatResponse> {
  return {
    apiKey: 12,
    apiName: 'Heartbeat',
    minVersion: member.groupInstanceId === null ? 1 : 3,
    maxVersion: 3,
    firstFlexibleVersion: null,
    encode: (version) => encode(member, version),
    decode,
    throttleMs,
  }
}

function encode({ groupId, generationId, memberId, groupInstanceId }: GroupMemberIdentity, version: number): readonly Buffer[] {
  const writer = new Writer().string(groupId).int32(generationId).string(memberId)
  if (version >= 3) writer.nullableString(groupInstanceId)
  return writer.finish()
}

function decode(body: Buffer): HeartbeatResponse {
  const reader = new Reader(body)
  return { throttleMs: reader.int32(), error: reader.int16() }
}
