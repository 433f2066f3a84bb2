import type { RecordHeader } from '../../src/kafka/ports.ts'
import { ATTRIBUTES, BASE_OFFSET, CRC, LAST_OFFSET_DELTA, writeInt64 } from '../../src/kafka/record/batch-format.ts'
import { BatchWriter, type CloseOptions } from '../../src/kafka/record/batch-writer.ts'
import { BufferPool } from '../../src/kafka/record/buffer-pool.ts'
import { crc32c } from '../../src/kafka/record/crc32c.ts'
import { PartitionCursor, type PartitionCursorOptions } from '../../src/kafka/record/partition-cursor.ts'

export interface PlainRecord {
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

export interface BatchChanges extends CloseOptions {
  readonly baseOffset?: number
  readonly attributes?: number
  readonly lastOffsetDelta?: number
}

export function record(value: string | null, changes: Partial<PlainRecord> = {}): PlainRecord {
  return { timestamp: 1_700_000_000_000, key: null, value: value === null ? null : Buffer.from(value), headers: [], ...changes }
}

/** A batch as a broker would store it: with its offset, and whatever else of the header the test wants. */
export function batchOf(records: readonly PlainRecord[], changes: BatchChanges = {}): Buffer {
  const writer = new BatchWriter(new BufferPool(0))
  for (const { timestamp, key, value, headers } of records) writer.append(timestamp, key, value, headers)
  const bytes = Buffer.from(writer.close(changes))
  writeInt64(bytes, BASE_OFFSET, changes.baseOffset ?? 0)
  if (changes.attributes !== undefined) bytes.writeInt16BE(bytes.readInt16BE(ATTRIBUTES) | changes.attributes, ATTRIBUTES)
  if (changes.lastOffsetDelta !== undefined) bytes.writeInt32BE(changes.lastOffsetDelta, LAST_OFFSET_DELTA)
  return withCrc(bytes)
}

/** Writes the checksum that fits what the batch has now. */
export function withCrc(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES)), CRC)
  return batch
}

/** A cursor over a whole buffer, for partition 3 of the topic `orders`. */
export function cursorOver(bytes: Buffer, options: Partial<PartitionCursorOptions> = {}): PartitionCursor {
  return new PartitionCursor(bytes, 0, bytes.length, { topic: 'orders', partition: 3, fetchOffset: 0, ...options })
}

/** All records a cursor has, copied into plain objects. */
export function readAll(bytes: Buffer, options: Partial<PartitionCursorOptions> = {}): (PlainRecord & { offset: number })[] {
  const cursor = cursorOver(bytes, options)
  const all: (PlainRecord & { offset: number })[] = []
  while (!cursor.isDrained) {
    for (const { offset, timestamp, key, value, headers } of cursor.take(500)) {
      all.push({ offset, timestamp, key: key && Buffer.from(key), value: value && Buffer.from(value), headers: [...headers] })
    }
  }
  return all
}
