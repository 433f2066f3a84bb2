import type { RecordHeader } from '../ports.ts'
import {
  ATTRIBUTES,
  BASE_OFFSET,
  BASE_SEQUENCE,
  BASE_TIMESTAMP,
  BATCH_LENGTH,
  CRC,
  LAST_OFFSET_DELTA,
  LENGTH_PREFIX,
  MAGIC,
  MAX_TIMESTAMP,
  PARTITION_LEADER_EPOCH,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORDS,
  RECORD_COUNT,
  TRANSACTIONAL,
  writeInt64,
} from './batch-format.ts'
import type { BufferPool } from './buffer-pool.ts'
import { compress, type Compression } from './compression.ts'
import { COMPRESSION_TYPES } from './compression-type.ts'
import { crc32c } from './crc32c.ts'
import { encodedHeaderKey } from './header-key.ts'
import { sizeOfBytes, sizeOfHeaders } from './record-size.ts'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './varint.ts'

/** Who sends a batch and where it stands in the producer's sequence. Without idempotence all are -1. */
export interface ProducerStamp {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
}

export const NO_PRODUCER: ProducerStamp = { producerId: -1, producerEpoch: -1, baseSequence: -1 }

export interface CloseOptions {
  /** Default: none. */
  readonly compression?: Compression
  /** Default: {@link NO_PRODUCER}. */
  readonly producer?: ProducerStamp
  readonly isTransactional?: boolean
}

/** Up to here a loop copies faster than the call of `set`. */
const COPY_BY_LOOP_BYTES = 16

/**
 * One batch of one partition: open while records are appended, then closed, after which its bytes can be sent any number of times.
 * All of it lies in one buffer. A record's size is computed before it is written, so that no record moves unless the buffer grows.
 */
export class BatchWriter {
  readonly #pool: BufferPool
  #buffer: Buffer
  #end = RECORDS
  #count = 0
  #baseTimestamp = -1
  #maxTimestamp = -1
  #closed = false

  /** @param initialBytes first size of the buffer; it doubles as the batch grows */
  constructor(pool: BufferPool, initialBytes = 16 * 1024) {
    this.#pool = pool
    this.#buffer = pool.take(Math.max(initialBytes, RECORDS))
  }

  get recordCount(): number {
    return this.#count
  }

  /** Size of the batch: what was appended with the batch header; after `close`, what is sent. */
  get sizeBytes(): number {
    return this.#end
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /**
   * Appends a record; key, value and headers are copied. Its offset will be the batch's base offset plus its index.
   * @param timestamp epoch milliseconds; -1: none
   * @returns bytes the record takes
   */
  append(timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers: readonly RecordHeader[]): number {
    const timestampDelta = this.#takeTimestamp(timestamp)
    const headerCount = headers.length
    const tailBytes = sizeOfBytes(key) + sizeOfBytes(value) + (headerCount === 0 ? 1 : sizeOfHeaders(headers))
    const first = this.#end
    let at = this.#writeStart(timestampDelta, tailBytes)
    const buffer = this.#buffer
    at = writeBytes(buffer, at, key)
    at = writeBytes(buffer, at, value)
    if (headerCount === 0) buffer[at++] = 0
    else at = writeHeaders(buffer, at, headers)
    this.#end = at
    return at - first
  }

  /**
   * Appends a record whose key, value and headers are encoded already: what another batch has from `from` to `to`.
   * @returns bytes the record takes
   */
  appendEncoded(timestamp: number, source: Uint8Array, from: number, to: number): number {
    const first = this.#end
    const at = this.#writeStart(this.#takeTimestamp(timestamp), to - from)
    this.#buffer.set(source.subarray(from, to), at)
    this.#end = at + to - from
    return this.#end - first
  }

  /** Ends the batch: compresses the records and fills in the header. Called once; there must be a record. */
  close(options: CloseOptions = {}): Buffer {
    if (this.#closed || this.#count === 0) throw new Error('A batch is closed once, with at least one record')
    this.#closed = true
    const compression = options.compression ?? { type: 'none' }
    if (compression.type !== 'none') this.#compressRecords(compression)
    const attributes = COMPRESSION_TYPES.indexOf(compression.type) | (options.isTransactional === true ? TRANSACTIONAL : 0)
    this.#writeHeader(attributes)
    return this.restamp(options.producer ?? NO_PRODUCER)
  }

  /** Writes another producer id, epoch or sequence into the closed batch, and its checksum again. @returns the batch's bytes */
  restamp(producer: ProducerStamp): Buffer {
    const buffer = this.#buffer
    writeInt64(buffer, PRODUCER_ID, producer.producerId)
    buffer.writeInt16BE(producer.producerEpoch, PRODUCER_EPOCH)
    buffer.writeInt32BE(producer.baseSequence, BASE_SEQUENCE)
    buffer.writeUInt32BE(crc32c(buffer.subarray(ATTRIBUTES, this.#end)), CRC)
    return this.bytes()
  }

  /** The closed batch, a view: valid until `release`. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#end)
  }

  /** Gives the buffer back. The writer and every view on it must not be used any more. */
  release(): void {
    this.#pool.give(this.#buffer)
    this.#buffer = RELEASED
    this.#end = 0
  }

  /** Remembers a record's timestamp. @returns its distance from the first record's */
  #takeTimestamp(timestamp: number): number {
    if (this.#count === 0) {
      this.#baseTimestamp = timestamp
      this.#maxTimestamp = timestamp
      return 0
    }
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    return timestamp - this.#baseTimestamp
  }

  /** Makes room for a record and writes what precedes its key. @returns where the key goes */
  #writeStart(timestampDelta: number, tailBytes: number): number {
    const offsetDelta = this.#count
    const bodyBytes = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + tailBytes
    const end = this.#end + sizeOfVarint(bodyBytes) + bodyBytes
    if (end > this.#buffer.length) this.#grow(end)
    const buffer = this.#buffer
    let at = writeVarint(buffer, this.#end, bodyBytes)
    buffer[at++] = 0
    at = writeVarlong(buffer, at, timestampDelta)
    at = writeVarint(buffer, at, offsetDelta)
    this.#count = offsetDelta + 1
    return at
  }

  #grow(bytes: number): void {
    this.#moveTo(this.#pool.take(Math.max(bytes, 2 * this.#buffer.length)), this.#end)
  }

  /** Moves the bytes before `end` to another buffer. */
  #moveTo(larger: Buffer, end: number): void {
    larger.set(this.#buffer.subarray(0, end))
    this.#pool.give(this.#buffer)
    this.#buffer = larger
  }

  #compressRecords(compression: Compression): void {
    const compressed = compress(compression, this.#buffer.subarray(RECORDS, this.#end))
    // a buffer of the size of what is sent: the large one is free for the next open batch
    this.#moveTo(this.#pool.take(RECORDS + compressed.length), RECORDS)
    this.#buffer.set(compressed, RECORDS)
    this.#end = RECORDS + compressed.length
  }

  #writeHeader(attributes: number): void {
    const buffer = this.#buffer
    writeInt64(buffer, BASE_OFFSET, 0)
    buffer.writeInt32BE(this.#end - LENGTH_PREFIX, BATCH_LENGTH)
    buffer.writeInt32BE(-1, PARTITION_LEADER_EPOCH)
    buffer[MAGIC] = 2
    buffer.writeInt16BE(attributes, ATTRIBUTES)
    buffer.writeInt32BE(this.#count - 1, LAST_OFFSET_DELTA)
    writeInt64(buffer, BASE_TIMESTAMP, this.#baseTimestamp)
    writeInt64(buffer, MAX_TIMESTAMP, this.#maxTimestamp)
    buffer.writeInt32BE(this.#count, RECORD_COUNT)
  }
}

const RELEASED = Buffer.alloc(0)

function writeHeaders(target: Uint8Array, at: number, headers: readonly RecordHeader[]): number {
  at = writeVarint(target, at, headers.length)
  for (const header of headers) {
    at = writeBytes(target, at, encodedHeaderKey(header.key))
    at = writeBytes(target, at, header.value)
  }
  return at
}

function writeBytes(target: Uint8Array, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) {
    target[at] = 1
    return at + 1
  }
  const length = bytes.length
  at = writeVarint(target, at, length)
  if (length > COPY_BY_LOOP_BYTES) target.set(bytes, at)
  else for (let from = 0; from < length; from++) target[at + from] = bytes[from] ?? 0
  return at + length
}
