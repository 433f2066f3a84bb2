import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface ListTransactionsResponse extends Throttled {
  readonly error: number
  readonly transactionalIds: readonly string[]
}

/**
 * Goes to every broker: each knows the ids that it coordinates.
 * @param idPrefix where the broker can (version 2), it answers only ids that begin so
 */
export function listTransactions(idPrefix: string): ApiRequest<ListTransactionsResponse> {
  return {
    apiKey: 66,
    apiName: 'ListTransactions',
    minVersion: 0,
    maxVersion: 2,
    firstFlexibleVersion: 0,
    encode: (version) => encode(idPrefix, version),
    decode,
    throttleMs,
  }
}

function encode(idPrefix: string, version: number): readonly Buffer[] {
  const writer = new Writer()
  writer.compactArray([], () => undefined) // states: all
  writer.compactArray([], () => undefined) // producer ids: all
  if (version >= 1) writer.int64(-1) // duration: any
  if (version >= 2) writer.compactString(`${literal(idPrefix)}.*`)
  return writer.noTags().finish()
}

/** A text as a regular expression of RE2 that matches it. */
function literal(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)
}

function decode(body: Buffer): ListTransactionsResponse {
  const reader = new Reader(body)
  const head = { throttleMs: reader.int32(), error: reader.int16() }
  reader.compactArray(() => reader.compactString()) // states that the broker does not know
  return { ...head, transactionalIds: reader.compactArray(decodeId) }
}

function decodeId(reader: Reader): string {
  const id = reader.compactString()
  reader.int64() // producer id
  reader.compactString() // state
  reader.skipTags()
  return id
}
