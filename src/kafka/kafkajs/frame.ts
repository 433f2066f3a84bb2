import { Reader } from '../protocol/reader.ts'
import type { ApiRequest } from '../transport.ts'

export interface FrameHeader {
  readonly version: number
  readonly correlationId: number
  readonly clientId: string
}

const EMPTY_TAGS = Buffer.from([0])

/** A request as it goes over the wire: size, header and body, the body's parts as they are. */
export function frameRequest(request: ApiRequest<unknown>, { version, correlationId, clientId }: FrameHeader): readonly Buffer[] {
  const encoded = request.encode(version)
  const body = Buffer.isBuffer(encoded) ? [encoded] : encoded
  const clientIdBytes = Buffer.byteLength(clientId)
  const header = Buffer.allocUnsafe(14 + clientIdBytes)
  header.writeInt16BE(request.apiKey, 4)
  header.writeInt16BE(version, 6)
  header.writeInt32BE(correlationId, 8)
  header.writeInt16BE(clientIdBytes, 12)
  header.write(clientId, 14, 'utf8')
  const parts = isFlexible(request, version) ? [header, EMPTY_TAGS, ...body] : [header, ...body]
  header.writeInt32BE(
    parts.reduce((size, part) => size + part.length, -4),
    0,
  )
  return parts
}

/** The answer's body behind its header; the correlation id is already off. */
export function bodyOf(request: ApiRequest<unknown>, version: number, payload: Buffer): Buffer {
  return isFlexible(request, version) ? payload.subarray(endOfTags(payload)) : payload
}

function isFlexible({ firstFlexibleVersion }: ApiRequest<unknown>, version: number): boolean {
  return firstFlexibleVersion !== null && version >= firstFlexibleVersion
}

function endOfTags(payload: Buffer): number {
  const reader = new Reader(payload)
  reader.skipTags()
  return reader.position
}
