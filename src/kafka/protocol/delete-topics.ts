import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface DeleteTopicsResponse extends Throttled {
  readonly topics: readonly { readonly name: string; readonly error: number }[]
}

/** Goes to the controller. */
export function deleteTopics(names: readonly string[], timeoutMs: number): ApiRequest<DeleteTopicsResponse> {
  return {
    apiKey: 20,
    apiName: 'DeleteTopics',
    minVersion: 1,
    maxVersion: 3,
    firstFlexibleVersion: null,
    encode: () => new Writer().stringArray(names).int32(timeoutMs).finish(),
    decode,
    throttleMs,
  }
}

function decode(body: Buffer): DeleteTopicsResponse {
  const reader = new Reader(body)
  return { throttleMs: reader.int32(), topics: reader.array(() => ({ name: reader.string(), error: reader.int16() })) }
}
