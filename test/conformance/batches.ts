import { crc32c } from '../../src/kafka/record/crc32c.ts'

const ATTRIBUTES = 21
const RECORDS = 61

/** Writes the checksum that fits what the batch has now. */
export function withCrc(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES)), 17)
  return batch
}

/** The same batch with its records compressed. @param codec as in the attributes */
export function compressedBatch(batch: Buffer, codec: number, compress: (records: Buffer) => Buffer): Buffer {
  const compressed = Buffer.concat([batch.subarray(0, RECORDS), compress(batch.subarray(RECORDS))])
  compressed.writeInt16BE(compressed.readInt16BE(ATTRIBUTES) | codec, ATTRIBUTES)
  compressed.writeInt32BE(compressed.length - 12, 8)
  return withCrc(compressed)
}
