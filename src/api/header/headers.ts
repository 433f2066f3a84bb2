import type { ConnectValue } from '../data/connect-value.ts'
import type { Schema } from '../data/schema.ts'

/** One record header. Several may share a key. */
export interface Header {
  readonly key: string
  readonly schema: Schema | null
  readonly value: ConnectValue
}

/** A record's headers in order, duplicates kept. Immutable: a changed list is a new array. */
export type Headers = readonly Header[]

/** Shared by every record that has none. */
export const NO_HEADERS: Headers = Object.freeze([])

/** The last header of that name, which is the one that counts in Connect; null when there is none. */
export function lastHeader(headers: Headers, key: string): Header | null {
  return headers.findLast((header) => header.key === key) ?? null
}

/** The headers without those of that name. */
export function withoutHeader(headers: Headers, key: string): Headers {
  return headers.filter((header) => header.key !== key)
}
