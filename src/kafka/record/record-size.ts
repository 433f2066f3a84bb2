import type { RecordHeader } from '../ports.ts'
import { encodedHeaderKey } from './header-key.ts'
import { sizeOfVarint } from './varint.ts'

/** Most that a record's length, attributes, timestamp delta and offset delta can take (Java: DefaultRecord.MAX_RECORD_OVERHEAD). */
const MAX_RECORD_OVERHEAD = 21

/**
 * Most bytes a record can take in a batch before compression, whatever its timestamp and place. What `max.request.size`
 * and `batch.size` are compared with (Apache Kafka 4.3, AbstractRecords#estimateSizeInBytesUpperBound without the batch header).
 */
export function recordSizeUpperBound(key: Uint8Array | null, value: Uint8Array | null, headers: readonly RecordHeader[]): number {
  return MAX_RECORD_OVERHEAD + sizeOfBytes(key) + sizeOfBytes(value) + sizeOfHeaders(headers)
}

/** Bytes of a key, a value or a header's part with its length in front. */
export function sizeOfBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length
}

/** Bytes of a record's headers with their count in front. */
export function sizeOfHeaders(headers: readonly RecordHeader[]): number {
  let size = sizeOfVarint(headers.length)
  for (const header of headers) size += sizeOfBytes(encodedHeaderKey(header.key)) + sizeOfBytes(header.value)
  return size
}
