import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'

export interface VersionRange {
  readonly minVersion: number
  readonly maxVersion: number
}

/** What a broker can do: version ranges by API key. */
export type ApiVersions = Readonly<Record<number, VersionRange>>

export interface ApiVersionsResponse {
  readonly error: number
  readonly versions: ApiVersions
}

/** The first request on a connection. Version 0 is understood by every broker. */
export function apiVersions(): ApiRequest<ApiVersionsResponse> {
  return {
    apiKey: 18,
    apiName: 'ApiVersions',
    minVersion: 0,
    maxVersion: 0,
    firstFlexibleVersion: null,
    encode: () => Buffer.alloc(0),
    decode,
  }
}

function decode(body: Buffer): ApiVersionsResponse {
  const reader = new Reader(body)
  const error = reader.int16()
  const ranges = reader.array(() => [reader.int16(), { minVersion: reader.int16(), maxVersion: reader.int16() }] as const)
  return { error, versions: Object.fromEntries(ranges) }
}
