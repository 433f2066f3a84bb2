import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export interface SaslHandshakeResponse {
  readonly error: number
  /** What the listener offers. */
  readonly mechanisms: readonly string[]
}

/** Announces how the client will authenticate. With version 1 what follows goes in SaslAuthenticate requests. */
export function saslHandshake(mechanism: string): ApiRequest<SaslHandshakeResponse> {
  return {
    apiKey: 17,
    apiName: 'SaslHandshake',
    minVersion: 1,
    maxVersion: 1,
    firstFlexibleVersion: null,
    encode: () => new Writer().string(mechanism).finish(),
    decode,
  }
}

function decode(body: Buffer): SaslHandshakeResponse {
  const reader = new Reader(body)
  return { error: reader.int16(), mechanisms: reader.array(() => reader.string()) }
}
