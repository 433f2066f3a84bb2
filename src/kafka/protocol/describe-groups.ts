import type { GroupDescription } from '../ports.ts'
import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface DescribeGroupsResponse extends Throttled {
  readonly groups: readonly (GroupDescription & { readonly error: number })[]
}

/** Goes to the groups' coordinator. A group that does not exist is described as Dead. */
export function describeGroups(groups: readonly string[]): ApiRequest<DescribeGroupsResponse> {
  return {
    apiKey: 15,
    apiName: 'DescribeGroups',
    minVersion: 0,
    maxVersion: 4,
    firstFlexibleVersion: null,
    encode: (version) => encode(groups, version),
    decode,
    throttleMs,
  }
}

function encode(groups: readonly string[], version: number): readonly Buffer[] {
  const writer = new Writer().stringArray(groups)
  if (version >= 3) writer.boolean(false) // authorised operations: not asked for
  return writer.finish()
}

function decode(body: Buffer, version: number): DescribeGroupsResponse {
  const reader = new Reader(body)
  return { throttleMs: version >= 1 ? reader.int32() : 0, groups: reader.array(() => decodeGroup(reader, version)) }
}

function decodeGroup(reader: Reader, version: number): DescribeGroupsResponse['groups'][number] {
  const error = reader.int16()
  const groupId = reader.string()
  const state = reader.string()
  const protocolType = reader.string()
  reader.string() // assignor
  const members = reader.array(() => decodeMember(reader, version))
  if (version >= 3) reader.int32() // authorised operations
  return { error, groupId, state, protocolType, members }
}

function decodeMember(reader: Reader, version: number): GroupDescription['members'][number] {
  const memberId = reader.string()
  const groupInstanceId = version >= 4 ? reader.nullableString() : null
  const clientId = reader.string()
  const clientHost = reader.string()
  reader.bytes() // subscription
  reader.bytes() // assignment
  return { memberId, clientId, clientHost, groupInstanceId }
}
