import { RECORDS } from '../../kafka/record/batch-format.ts'
import { COMPRESSION_TYPES } from '../../kafka/record/compression-type.ts'
import { decompress } from '../../kafka/record/compression.ts'
import type { BatchView } from './batch-view.ts'

/** The records of a stored batch, inflated; they begin at `from`. */
export function inflatedRecords(batch: BatchView): { readonly records: Buffer; readonly from: number } {
  const type = COMPRESSION_TYPES[batch.codec] ?? 'none'
  const stored = batch.buffer.subarray(batch.start, batch.end)
  if (type === 'none') return { records: stored, from: RECORDS }
  return { records: decompress(type, stored.subarray(RECORDS)), from: 0 }
}
