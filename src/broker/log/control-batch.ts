import { ATTRIBUTES, CONTROL, CRC, RECORDS } from '../../kafka/record/batch-format.ts'
import { BatchWriter } from '../../kafka/record/batch-writer.ts'
import { BufferPool } from '../../kafka/record/buffer-pool.ts'
import { crc32c } from '../../kafka/record/crc32c.ts'
import { RecordScanner } from '../../kafka/record/record-scanner.ts'
import type { BatchView } from './batch-view.ts'
import type { TransactionOutcome } from './producer-state.ts'

const ABORT = 0
const COMMIT = 1
const KEY_BYTES = 4
const VALUE_BYTES = 6

export interface Marker {
  readonly outcome: TransactionOutcome
  readonly coordinatorEpoch: number
}

/** The control batch that ends a producer's transaction: a key with version and type, a value with version and coordinator epoch. */
export function controlBatch(producerId: number, producerEpoch: number, marker: Marker, timestamp: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES)
  key.writeInt16BE(marker.outcome === 'abort' ? ABORT : COMMIT, 2)
  const value = Buffer.alloc(VALUE_BYTES)
  value.writeInt32BE(marker.coordinatorEpoch, 2)
  const writer = new BatchWriter(new BufferPool(0))
  writer.append(timestamp, key, value, [])
  const batch = writer.close({ producer: { producerId, producerEpoch, baseSequence: -1 }, isTransactional: true })
  batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES) | CONTROL, ATTRIBUTES)
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES)), CRC)
  return batch
}

/** @returns null for a control batch without its record, or of another kind */
export function markerOf(batch: BatchView): Marker | null {
  if (batch.recordCount < 1) return null
  const scanner = new RecordScanner()
  scanner.reset(batch.buffer, batch.start + RECORDS, batch.end)
  scanner.next()
  if (scanner.keyLength < KEY_BYTES || scanner.valueLength < VALUE_BYTES) return null
  const type = batch.buffer.readInt16BE(scanner.keyStart + 2)
  if (type !== ABORT && type !== COMMIT) return null
  return { outcome: type === ABORT ? 'abort' : 'commit', coordinatorEpoch: batch.buffer.readInt32BE(scanner.valueStart + 2) }
}
