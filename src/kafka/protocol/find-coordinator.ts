import type { ApiRequest, BrokerAddress } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export type CoordinatorType = 'group' | 'transaction'

export interface FindCoordinatorResponse extends Throttled {
  readonly error: number
  readonly errorMessage: string | null
  readonly coordinator: BrokerAddress
}

export function findCoordinator(type: CoordinatorType, key: string): ApiRequest<FindCoordinatorResponse> {
  return {
    apiKey: 10,
    apiName: 'FindCoordinator',
    minVersion: 1,
    maxVersion: 2,
    firstFlexibleVersion: null,
    encode: () =>
      new Writer()
        .string(key)
        .int8(type === 'group' ? 0 : 1)
        .finish(),
    decode,
    throttleMs,
  }
}

function decode(body: Buffer): FindCoordinatorResponse {
  const reader = new Reader(body)
  return {
    throttleMs: reader.int32(),
    error: reader.int16(),
    errorMessage: reader.nullableString(),
    coordinator: { nodeId: reader.int32(), host: reader.string(), port: reader.int32(), rack: null },
  }
}
