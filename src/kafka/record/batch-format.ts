/** Layout of a record batch, magic 2: positions of the header's fields from the start of the batch. All numbers are big-endian. */
export const BASE_OFFSET = 0
export const BATCH_LENGTH = 8
export const PARTITION_LEADER_EPOCH = 12
export const MAGIC = 16
export const CRC = 17
export const ATTRIBUTES = 21
export const LAST_OFFSET_DELTA = 23
export const BASE_TIMESTAMP = 27
export const MAX_TIMESTAMP = 35
export const PRODUCER_ID = 43
export const PRODUCER_EPOCH = 51
export const BASE_SEQUENCE = 53
export const RECORD_COUNT = 57
export const RECORDS = 61

/** What `batchLength` does not count: the base offset and itself. */
export const LENGTH_PREFIX = 12

export const CODEC_MASK = 0x07
export const LOG_APPEND_TIME = 0x08
export const TRANSACTIONAL = 0x10
export const CONTROL = 0x20

/** Reads an int64 as number, exact to 2^53. */
export function readInt64(view: DataView, at: number): number {
  return view.getInt32(at) * 0x100000000 + view.getUint32(at + 4)
}

/** Writes a number as int64. */
export function writeInt64(target: Buffer, at: number, value: number): void {
  target.writeInt32BE(Math.floor(value / 0x100000000), at)
  target.writeUInt32BE(value >>> 0, at + 4)
}
