import {
  ATTRIBUTES,
  BASE_OFFSET,
  BASE_SEQUENCE,
  BASE_TIMESTAMP,
  BATCH_LENGTH,
  CODEC_MASK,
  CONTROL,
  CRC,
  LAST_OFFSET_DELTA,
  LENGTH_PREFIX,
  LOG_APPEND_TIME,
  MAGIC,
  MAX_TIMESTAMP,
  PARTITION_LEADER_EPOCH,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORD_COUNT,
  TRANSACTIONAL,
} from '../../kafka/record/batch-format.ts'

/** Attribute bit of a cleaned batch: its base timestamp says when its tombstones and markers may go (KIP-534). */
export const DELETE_HORIZON = 0x40

/** The largest sequence number; the one behind it is 0. */
const LAST_SEQUENCE = 0x7fffffff

/** The header of a stored batch, read where it lies. One view is moved from batch to batch. */
export class BatchView {
  buffer: Buffer = NOTHING
  start = 0

  /** @param start where the batch begins; its whole header must be there (for `magic` and `sizeBytes` 17 bytes) */
  at(buffer: Buffer, start: number): this {
    this.buffer = buffer
    this.start = start
    return this
  }

  get baseOffset(): number {
    return int64(this.buffer, this.start + BASE_OFFSET)
  }

  get sizeBytes(): number {
    return LENGTH_PREFIX + this.buffer.readInt32BE(this.start + BATCH_LENGTH)
  }

  get end(): number {
    return this.start + this.sizeBytes
  }

  get leaderEpoch(): number {
    return this.buffer.readInt32BE(this.start + PARTITION_LEADER_EPOCH)
  }

  get magic(): number {
    return this.buffer.readInt8(this.start + MAGIC)
  }

  get crc(): number {
    return this.buffer.readUInt32BE(this.start + CRC)
  }

  get attributes(): number {
    return this.buffer.readInt16BE(this.start + ATTRIBUTES)
  }

  /** Index into the compression types; 5–7 are not defined. */
  get codec(): number {
    return this.attributes & CODEC_MASK
  }

  get isLogAppendTime(): boolean {
    return (this.attributes & LOG_APPEND_TIME) !== 0
  }

  get isTransactional(): boolean {
    return (this.attributes & TRANSACTIONAL) !== 0
  }

  get isControl(): boolean {
    return (this.attributes & CONTROL) !== 0
  }

  get lastOffsetDelta(): number {
    return this.buffer.readInt32BE(this.start + LAST_OFFSET_DELTA)
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }

  get baseTimestamp(): number {
    return int64(this.buffer, this.start + BASE_TIMESTAMP)
  }

  get maxTimestamp(): number {
    return int64(this.buffer, this.start + MAX_TIMESTAMP)
  }

  /** From when on tombstones and markers need not be kept; null: no cleaner has seen the batch. */
  get deleteHorizon(): number | null {
    return (this.attributes & DELETE_HORIZON) === 0 ? null : this.baseTimestamp
  }

  /** -1: none. */
  get producerId(): number {
    return int64(this.buffer, this.start + PRODUCER_ID)
  }

  get producerEpoch(): number {
    return this.buffer.readInt16BE(this.start + PRODUCER_EPOCH)
  }

  /** -1: none. */
  get baseSequence(): number {
    return this.buffer.readInt32BE(this.start + BASE_SEQUENCE)
  }

  get lastSequence(): number {
    const { baseSequence } = this
    return baseSequence < 0 ? baseSequence : sequenceAfter(baseSequence, this.lastOffsetDelta)
  }

  get recordCount(): number {
    return this.buffer.readInt32BE(this.start + RECORD_COUNT)
  }
}

const NOTHING = Buffer.alloc(0)

/** The sequence number `count` behind another: they wrap around to 0. */
export function sequenceAfter(sequence: number, count: number): number {
  const sum = sequence + count
  return sum > LAST_SEQUENCE ? sum - LAST_SEQUENCE - 1 : sum
}

/** Reads an int64 as number, exact to 2^53. */
export function int64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 0x100000000 + buffer.readUInt32BE(at + 4)
}
