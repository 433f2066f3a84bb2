import { BatchHeader } from './batch-header.ts'
import { BatchWriter } from './batch-writer.ts'
import type { BufferPool } from './buffer-pool.ts'
import { decompress } from './compression.ts'
import { COMPRESSION_TYPES } from './compression-type.ts'
import { RecordScanner } from './record-scanner.ts'

/**
 * Spreads a batch that the broker found too large over new open ones, each at most half of it and at most `maxBytes` uncompressed,
 * unless a single record is larger. Order is kept. The old batch is left as it is.
 * @param closed the bytes of a closed batch with at least two records
 */
export function splitBatch(closed: Buffer, maxBytes: number, pool: BufferPool, headroom = 0): BatchWriter[] {
  const header = new BatchHeader(new DataView(closed.buffer, closed.byteOffset, closed.length), 0)
  const records = decompress(COMPRESSION_TYPES[header.codec] ?? 'none', closed.subarray(header.recordsStart))
  const limit = Math.min(maxBytes, header.recordsStart + Math.ceil(records.length / 2))
  const scanner = new RecordScanner()
  scanner.reset(new DataView(records.buffer, records.byteOffset, records.length), 0, records.length)
  const writers: BatchWriter[] = []
  for (let left = header.recordCount; left > 0; left--) {
    const start = scanner.position
    scanner.next()
    let writer = writers.at(-1)
    if (writer === undefined || (writer.recordCount > 0 && writer.sizeBytes + scanner.position - start > limit)) {
      writer = new BatchWriter(pool, headroom)
      writers.push(writer)
    }
    writer.appendEncoded(header.timestamp + scanner.timestampDelta, records, scanner.tailStart, scanner.position)
  }
  return writers
}
