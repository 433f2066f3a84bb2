import type { ApiRequest } from '../transport.ts'
import type { GroupMemberIdentity } from './group-member.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface SyncGroupData extends GroupMemberIdentity {
  /** What the leader decided; empty from everybody else. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
}

export interface SyncGroupResponse extends Throttled {
  readonly error: number
  readonly assignment: Buffer
}

export function syncGroup(data: SyncGroupData): ApiRequest<SyncGroupResponse> {
  return {
    apiKey: 14,
    apiName: 'SyncGroup',
    minVersion: data.groupInstanceId === null ? 1 : 3,
    maxVersion: 3,
    firstFlexibleVersion: null,
    encode: (version) => encode(data, version),
    decode,
    throttleMs,
  }
}

function encode(data: SyncGroupData, version: number): readonly Buffer[] {
  const writer = new Writer().string(data.groupId).int32(data.generationId).string(data.memberId)
  if (version >= 3) writer.nullableString(data.groupInstanceId)
  return writer.array(data.assignments, (each, { memberId, assignment }) => each.string(memberId).bytes(assignment)).finish()
}

function decode(body: Buffer): SyncGroupResponse {
  const reader = new Reader(body)
  return { throttleMs: reader.int32(), error: reader.int16(), assignment: reader.bytes() }
}
