import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export interface SaslAuthenticateResponse {
  readonly error: number
  /** The broker's own words; null: none. */
  readonly errorMessage: string | null
  /** The mechanism's answer. */
  readonly authBytes: Buffer
  /** How long the broker takes requests before the client has to authenticate again (KIP-368); 0: for ever. */
  readonly sessionLifetimeMs: number
}

/** One message of a SASL mechanism. */
export function saslAuthenticate(authBytes: Buffer): ApiRequest<SaslAuthenticateResponse> {
  return {
    apiKey: 36,
    apiName: 'SaslAuthenticate',
    minVersion: 0,
    maxVersion: 1,
    firstFlexibleVersion: null,
    encode: () => new Writer().bytes(authBytes).finish(),
    decode,
  }
}

function decode(body: Buffer, version: number): SaslAuthenticateResponse {
  const reader = new Reader(body)
  return {
    error: reader.int16(),
    errorMessage: reader.nullableString(),
    authBytes: reader.bytes(),
    sessionLifetimeMs: version >= 1 ? reader.int64() : 0,
  }
}
