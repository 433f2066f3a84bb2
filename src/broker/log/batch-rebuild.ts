import {
  ATTRIBUTES,
  BATCH_LENGTH,
  CODEC_MASK,
  CRC,
  LENGTH_PREFIX,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP,
  RECORDS,
  writeInt64,
} from '../../kafka/record/batch-format.ts'
import { COMPRESSION_TYPES, type CompressionType } from '../../kafka/record/compression-type.ts'
import { compress, type Compression } from '../../kafka/record/compression.ts'
import { crc32c } from '../../kafka/record/crc32c.ts'
import { RecordScanner } from '../../kafka/record/record-scanner.ts'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../../kafka/record/varint.ts'
import type { BatchView } from './batch-view.ts'
import type { LogConfig } from './log-config.ts'

/** Most a record grows when its offset delta changes: the delta's and the length's varints. */
const GROWTH_BYTES = 8

/** Writes the largest timestamp and its type into a batch's header, and the checksum again. */
export function stampTimes(batch: BatchView, isLogAppendTime: boolean, maxTimestamp: number): void {
  const { buffer, start } = batch
  const attributes = isLogAppendTime ? batch.attributes | LOG_APPEND_TIME : batch.attributes & ~LOG_APPEND_TIME
  buffer.writeInt16BE(attributes, start + ATTRIBUTES)
  writeInt64(buffer, start + MAX_TIMESTAMP, maxTimestamp)
  sealBatch(buffer, start, batch.end)
}

/** Writes the checksum of a batch whose header or records changed. */
export function sealBatch(buffer: Buffer, start: number, end: number): void {
  buffer.writeUInt32BE(crc32c(buffer.subarray(start + ATTRIBUTES, end)), start + CRC)
}

/**
 * The batch with another codec, and records numbered by their place.
 * @param records inflated, from `from` on
 */
export function rebuild(batch: BatchView, records: Buffer, from: number, target: CompressionType, config: LogConfig): Buffer {
  const numbered = numberRecords(records, from, batch.recordCount)
  return withRecords(batch, compress(compressionFor(target, config), numbered), target)
}

/** The batch's header before other records. */
export function withRecords(batch: BatchView, records: Buffer, type: CompressionType): Buffer {
  const bytes = Buffer.allocUnsafeSlow(RECORDS + records.length)
  batch.buffer.copy(bytes, 0, batch.start, batch.start + RECORDS)
  records.copy(bytes, RECORDS)
  bytes.writeInt32BE(bytes.length - LENGTH_PREFIX, BATCH_LENGTH)
  bytes.writeInt16BE((batch.attributes & ~CODEC_MASK) | COMPRESSION_TYPES.indexOf(type), ATTRIBUTES)
  sealBatch(bytes, 0, bytes.length)
  return bytes
}

export function compressionFor(type: CompressionType, config: LogConfig): Compression {
  if (type === 'gzip') return { type, level: config['compression.gzip.level'] }
  if (type === 'zstd') return { type, level: config['compression.zstd.level'] }
  return { type }
}

function numberRecords(records: Buffer, from: number, count: number): Buffer {
  const target = Buffer.allocUnsafe(records.length - from + count * GROWTH_BYTES)
  const scanner = new RecordScanner()
  scanner.reset(records, from)
  let at = 0
  for (let index = 0; index < count; index++) {
    scanner.next()
    at = writeRecord(target, at, scanner, records, scanner.timestampDelta, index)
  }
  return target.subarray(0, at)
}

/** Copies the record the scanner is at, with other deltas. @returns the position behind */
export function writeRecord(
  target: Buffer,
  at: number,
  scanner: RecordScanner,
  source: Buffer,
  timestampDelta: number,
  offsetDelta: number,
): number {
  const from = scanner.keyStart - sizeOfVarint(scanner.keyLength)
  const to = scanner.position
  const bodyBytes = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + to - from
  at = writeVarint(target, at, bodyBytes)
  target[at++] = 0
  at = writeVarlong(target, at, timestampDelta)
  at = writeVarint(target, at, offsetDelta)
  source.copy(target, at, from, to)
  return at + to - from
}
