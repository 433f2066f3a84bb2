import {
  ATTRIBUTES,
  BASE_OFFSET,
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
  PRODUCER_ID,
  readInt64,
  RECORD_COUNT,
  RECORDS,
  TRANSACTIONAL,
} from './batch-format.ts'

/** The header of one batch, read where it lies. */
export class BatchHeader {
  readonly #view: DataView
  readonly #start: number

  /** @param view has the whole header from `start`; for `magic` and `end`, 17 bytes are enough */
  constructor(view: DataView, start: number) {
    this.#view = view
    this.#start = start
  }

  get baseOffset(): number {
    return readInt64(this.#view, this.#start + BASE_OFFSET)
  }

  get lastOffset(): number {
    return this.baseOffset + this.#view.getInt32(this.#start + LAST_OFFSET_DELTA)
  }

  /** Position in the bytes behind the batch. */
  get end(): number {
    return batchEnd(this.#view, this.#start)
  }

  /** Of the leader that took the batch; -1: not known. */
  get leaderEpoch(): number {
    return this.#view.getInt32(this.#start + PARTITION_LEADER_EPOCH)
  }

  /** Format version; 0 and 1 are single messages of Kafka before 0.11, whose other fields lie elsewhere. */
  get magic(): number {
    return magicOf(this.#view, this.#start)
  }

  get crc(): number {
    return this.#view.getUint32(this.#start + CRC)
  }

  /** Where what the checksum covers begins. */
  get checkedFrom(): number {
    return this.#start + ATTRIBUTES
  }

  /** Index into the compression types; 5–7 are not defined. */
  get codec(): number {
    return this.#attributes & CODEC_MASK
  }

  get isLogAppendTime(): boolean {
    return (this.#attributes & LOG_APPEND_TIME) !== 0
  }

  get isTransactional(): boolean {
    return (this.#attributes & TRANSACTIONAL) !== 0
  }

  /** A control batch holds a transaction's marker, which is no record of anyone's. */
  get isControl(): boolean {
    return (this.#attributes & CONTROL) !== 0
  }

  /** What the records' deltas are added to, or the time of all records for LogAppendTime. */
  get timestamp(): number {
    return readInt64(this.#view, this.#start + (this.isLogAppendTime ? MAX_TIMESTAMP : BASE_TIMESTAMP))
  }

  /** -1: none. */
  get producerId(): number {
    return readInt64(this.#view, this.#start + PRODUCER_ID)
  }

  get recordCount(): number {
    return this.#view.getInt32(this.#start + RECORD_COUNT)
  }

  get recordsStart(): number {
    return this.#start + RECORDS
  }

  get #attributes(): number {
    return this.#view.getInt16(this.#start + ATTRIBUTES)
  }
}

/** Position behind the batch that starts at `start`; its first 12 bytes must be there. */
export function batchEnd(view: DataView, start: number): number {
  return start + LENGTH_PREFIX + view.getInt32(start + BATCH_LENGTH)
}

/** Format version of the batch, or older message, that starts at `start`; its first 17 bytes must be there. */
export function magicOf(view: DataView, start: number): number {
  return view.getInt8(start + MAGIC)
}
