import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface DeleteGroupsResponse extends Throttled {
  readonly groups: readonly { readonly groupId: string; readonly error: number }[]
}

/** Goes to the groups' coordinator. */
export function deleteGroups(groups: readonly string[]): ApiRequest<DeleteGroupsResponse> {
  return {
    apiKey: 42,
    apiName: 'DeleteGroups',
    minVersion: 0,
    maxVersion: 1,
    firstFlexibleVersion: null,
    encode: () => new Writer().stringArray(groups).finish(),
    decode,
    throttleMs,
  }
}

function decode(body: Buffer): DeleteGroupsResponse {
  const reader = new Reader(body)
  return { throttleMs: reader.int32(), groups: reader.array(() => ({ groupId: reader.string(), error: reader.int16() })) }
}
