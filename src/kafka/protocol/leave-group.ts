import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface LeaveGroupResponse extends Throttled {
  readonly error: number
}

/** One dynamic member leaves. Static members stay, so they never send this. */
export function leaveGroup(groupId: string, memberId: string): ApiRequest<LeaveGroupResponse> {
  return {
    apiKey: 13,
    apiName: 'LeaveGroup',
    minVersion: 1,
    maxVersion: 3,
    firstFlexibleVersion: null,
    encode: (version) => encode(groupId, memberId, version),
    decode,
    throttleMs,
  }
}

function encode(groupId: string, memberId: string, version: number): readonly Buffer[] {
  const writer = new Writer().string(groupId)
  if (version < 3) return writer.string(memberId).finish()
  return writer.array([memberId], (each, id) => each.string(id).nullableString(null)).finish()
}

function decode(body: Buffer, version: number): LeaveGroupResponse {
  const reader = new Reader(body)
  const throttle = reader.int32()
  const error = reader.int16()
  if (version < 3 || error !== 0) return { throttleMs: throttle, error }
  const members = reader.array(() => [reader.string(), reader.nullableString(), reader.int16()] as const)
  return { throttleMs: throttle, error: members[0]?.[2] ?? 0 }
}
