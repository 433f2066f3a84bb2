import {
  ATTRIBUTES,
  BASE_TIMESTAMP,
  CONTROL,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP,
  RECORD_COUNT,
  TRANSACTIONAL,
  writeInt64,
} from '../../../kafka/record/batch-format.ts'
import { COMPRESSION_TYPES } from '../../../kafka/record/compression-type.ts'
import { compress } from '../../../kafka/record/compression.ts'
import { RecordScanner } from '../../../kafka/record/record-scanner.ts'
import { compressionFor, sealBatch, withRecords, writeRecord } from '../batch-rebuild.ts'
import { DELETE_HORIZON, type BatchView } from '../batch-view.ts'
import type { LogConfig } from '../log-config.ts'
import { inflatedRecords } from '../stored-records.ts'

/** Most that a record grows when its timestamp delta changes. */
const GROWTH_BYTES = 14
const NO_RECORDS = Buffer.alloc(0)

export interface BatchFilter {
  /** Whether the record the scanner is at stays. */
  keeps(scanner: RecordScanner, records: Buffer, offset: number): boolean
  /** Whether a batch without records stays, for its producer's sequence. */
  readonly keepsEmpty: boolean
  /** A marker whose transaction has no records any more: it stays until its delete horizon. */
  readonly isSpentMarker: boolean
  /** What a delete horizon that begins now is. */
  readonly deleteHorizon: number
  readonly config: LogConfig
}

/**
 * What of a batch stays. Offsets, sequence and producer stay what they were. A batch that keeps a tombstone or a spent marker gets a delete
 * horizon: after it they go (KIP-534).
 * @param batch on its whole bytes
 * @returns the same bytes when all of it stays, null when nothing does
 */
export function filterBatch(batch: BatchView, bytes: Buffer, filter: BatchFilter): Buffer | null {
  const { records, from } = inflatedRecords(batch)
  const kept = scan(batch, records, from, filter)
  if (kept.count === 0 && !filter.keepsEmpty) return null
  const needsHorizon = kept.count > 0 && (kept.hasTombstone || filter.isSpentMarker) && batch.deleteHorizon === null
  if (kept.count === batch.recordCount && !needsHorizon) return bytes
  if (kept.count === 0) return emptied(batch)
  const baseTimestamp = needsHorizon ? filter.deleteHorizon : batch.baseTimestamp
  return rebuilt(batch, records, from, { ...kept, baseTimestamp, needsHorizon, filter })
}

interface Kept {
  readonly count: number
  readonly hasTombstone: boolean
  readonly maxTimestamp: number
  readonly flags: Uint8Array
}

function scan(batch: BatchView, records: Buffer, from: number, filter: BatchFilter): Kept {
  const scanner = new RecordScanner()
  scanner.reset(records, from)
  const flags = new Uint8Array(Math.max(batch.recordCount, 0))
  let [count, hasTombstone, maxTimestamp] = [0, false, -1]
  for (let index = 0; index < flags.length; index++) {
    scanner.next()
    if (!filter.keeps(scanner, records, batch.baseOffset + scanner.offsetDelta)) continue
    flags[index] = 1
    count++
    if (scanner.valueLength < 0) hasTombstone = true
    maxTimestamp = Math.max(maxTimestamp, batch.baseTimestamp + scanner.timestampDelta)
  }
  return { count, hasTombstone, maxTimestamp, flags }
}

interface Rebuild extends Kept {
  readonly baseTimestamp: number
  readonly needsHorizon: boolean
  readonly filter: BatchFilter
}

function rebuilt(batch: BatchView, records: Buffer, from: number, rebuild: Rebuild): Buffer {
  const { baseTimestamp, needsHorizon, count, filter } = rebuild
  const type = COMPRESSION_TYPES[batch.codec] ?? 'none'
  const kept = copyKept(records, from, batch.baseTimestamp - baseTimestamp, rebuild.flags)
  const bytes = withRecords(batch, compress(compressionFor(type, filter.config), kept), type)
  bytes.writeInt32BE(count, RECORD_COUNT)
  if (needsHorizon) bytes.writeInt16BE(bytes.readInt16BE(ATTRIBUTES) | DELETE_HORIZON, ATTRIBUTES)
  writeInt64(bytes, BASE_TIMESTAMP, baseTimestamp)
  if (!batch.isLogAppendTime) writeInt64(bytes, MAX_TIMESTAMP, rebuild.maxTimestamp)
  sealBatch(bytes, 0, bytes.length)
  return bytes
}

function copyKept(records: Buffer, from: number, timestampShift: number, flags: Uint8Array): Buffer {
  const target = Buffer.allocUnsafe(records.length - from + flags.length * GROWTH_BYTES)
  const scanner = new RecordScanner()
  scanner.reset(records, from)
  let at = 0
  for (const flag of flags) {
    scanner.next()
    if (flag === 1) at = writeRecord(target, at, scanner, records, scanner.timestampDelta + timestampShift, scanner.offsetDelta)
  }
  return target.subarray(0, at)
}

/** The header alone. */
function emptied(batch: BatchView): Buffer {
  const bytes = withRecords(batch, NO_RECORDS, 'none')
  bytes.writeInt16BE(batch.attributes & (LOG_APPEND_TIME | TRANSACTIONAL | CONTROL), ATTRIBUTES)
  bytes.writeInt32BE(0, RECORD_COUNT)
  writeInt64(bytes, BASE_TIMESTAMP, batch.maxTimestamp)
  sealBatch(bytes, 0, bytes.length)
  return bytes
}
