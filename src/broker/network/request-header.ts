import type { Reader } from '../../kafka/protocol/reader.ts'
import { Writer } from '../../kafka/protocol/writer.ts'
import { apiName, encodeResponse, isFlexible } from '../protocol/codec.ts'
import type { ApiName, ResponseMessages } from '../protocol/messages.ts'
import { InvalidRequest } from './invalid-request.ts'

/** With what every request begins. */
export interface RequestHeader {
  readonly api: ApiName
  readonly version: number
  readonly correlationId: number
  readonly clientId: string
}

/**
 * Reads the header, of version 1 or 2 as the API's version says.
 * @throws InvalidRequest for an API that the tables do not have; RangeError for bytes that are no header
 */
export function readRequestHeader(reader: Reader): RequestHeader {
  const apiKey = reader.int16()
  const version = reader.int16()
  const api = apiName(apiKey)
  if (api === null) throw new InvalidRequest(`API ${apiKey} (version ${version}) is not known here`)
  const correlationId = reader.int32()
  const clientId = reader.string()
  if (isFlexible(api, version)) reader.skipTags()
  return { api, version, correlationId, clientId }
}

/** A whole answer: its length, the header and the body; attached records are parts of their own. */
export function responseFrame<Api extends ApiName>(
  api: Api,
  version: number,
  correlationId: number,
  body: ResponseMessages[Api],
): readonly Buffer[] {
  const writer = new Writer().int32(0).int32(correlationId)
  // A client that does not know our versions yet must be able to read the answer to ApiVersions: it never has tags in the header (KIP-511).
  if (isFlexible(api, version) && api !== 'ApiVersions') writer.noTags()
  encodeResponse(api, version, body, writer)
  return withLength(writer.finish())
}

/** Puts the length into the first four bytes, which were left for it. */
function withLength(parts: readonly Buffer[]): readonly Buffer[] {
  let length = -4
  for (const part of parts) length += part.length
  parts[0]?.writeInt32BE(length)
  return parts
}
