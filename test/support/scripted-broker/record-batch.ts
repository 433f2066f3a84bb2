import { gunzipSync, zstdDecompressSync } from 'node:zlib'

/** Record batches, written anew so that the client's codec is checked by somebody else's reading. Slow and simple. */
export interface BatchHeader {
  readonly baseOffset: number
  readonly lastOffsetDelta: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly count: number
  readonly isTransactional: boolean
  readonly crcIsRight: boolean
  readonly maxTimestamp: number
}

export interface StoredRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

export interface NewRecord {
  readonly key?: string | null
  readonly value?: string | null
  readonly timestamp?: number
  readonly headers?: readonly (readonly [string, string | null])[]
}

const HEADER_BYTES = 61

export function readHeader(batch: Buffer): BatchHeader {
  return {
    baseOffset: Number(batch.readBigInt64BE(0)),
    lastOffsetDelta: batch.readInt32BE(23),
    producerId: Number(batch.readBigInt64BE(43)),
    producerEpoch: batch.readInt16BE(51),
    baseSequence: batch.readInt32BE(53),
    count: batch.readInt32BE(57),
    isTransactional: (batch.readInt16BE(21) & 0x10) !== 0,
    crcIsRight: batch.readUInt32BE(17) === crc32c(batch.subarray(21)),
    maxTimestamp: Number(batch.readBigInt64BE(35)),
  }
}

export function readRecords(batch: Buffer): StoredRecord[] {
  const { baseOffset, count } = readHeader(batch)
  const baseTimestamp = Number(batch.readBigInt64BE(27))
  const cursor = new VarintCursor(inflate(batch))
  return Array.from({ length: count }, () => {
    cursor.varint() // length
    cursor.skip(1)
    const timestamp = baseTimestamp + cursor.varint()
    const offset = baseOffset + cursor.varint()
    const [key, value] = [cursor.text(), cursor.text()]
    const headers = Array.from({ length: cursor.varint() }, () => [cursor.text() ?? '', cursor.text()] as const)
    return { offset, timestamp, key, value, headers }
  })
}

export interface BatchOptions {
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  /** Offsets the batch covers beyond its records, as compaction leaves it; default: records - 1. */
  readonly lastOffsetDelta?: number
  /** Bits of the attributes, such as 0x30 for a transactional control batch. */
  readonly attributes?: number
}

/** An uncompressed batch; its base offset is given when it is appended. */
export function writeBatch(records: readonly NewRecord[], options: BatchOptions = {}): Buffer {
  const timestamps = records.map((record) => record.timestamp ?? 1_700_000_000_000)
  const baseTimestamp = timestamps[0] ?? -1
  const body = records.map((record, index) => writeRecord(record, index, timestamps[index]! - baseTimestamp))
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeInt32BE(-1, 12)
  header.writeInt8(2, 16)
  header.writeInt16BE(options.attributes ?? 0, 21)
  header.writeInt32BE(options.lastOffsetDelta ?? records.length - 1, 23)
  header.writeBigInt64BE(BigInt(baseTimestamp), 27)
  header.writeBigInt64BE(BigInt(Math.max(baseTimestamp, ...timestamps)), 35)
  header.writeBigInt64BE(BigInt(options.producerId ?? -1), 43)
  header.writeInt16BE(options.producerEpoch ?? -1, 51)
  header.writeInt32BE(options.baseSequence ?? -1, 53)
  header.writeInt32BE(records.length, 57)
  const batch = Buffer.concat([header, ...body])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

function writeRecord({ key = null, value = null, headers = [] }: NewRecord, offsetDelta: number, timestampDelta: number): Buffer {
  const content = Buffer.concat([
    Buffer.from([0]),
    varint(timestampDelta),
    varint(offsetDelta),
    text(key),
    text(value),
    varint(headers.length),
    ...headers.flatMap(([name, content]) => [text(name), text(content)]),
  ])
  return Buffer.concat([varint(content.length), content])
}

function text(value: string | null): Buffer {
  if (value === null) return varint(-1)
  const bytes = Buffer.from(value)
  return Buffer.concat([varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  let rest = value >= 0 ? BigInt(value) * 2n : BigInt(-value) * 2n - 1n
  const bytes: number[] = []
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

class VarintCursor {
  #position = 0
  readonly #buffer: Buffer

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  varint(): number {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#buffer.readUInt8(this.#position++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n))
    }
  }

  skip(bytes: number): void {
    this.#position += bytes
  }

  text(): string | null {
    const length = this.varint()
    if (length < 0) return null
    this.#position += length
    return this.#buffer.toString('utf8', this.#position - length, this.#position)
  }
}

function inflate(batch: Buffer): Buffer {
  const records = batch.subarray(HEADER_BYTES)
  switch (batch.readInt16BE(21) & 7) {
    case 0:
      return records
    case 1:
      return gunzipSync(records)
    case 4:
      return zstdDecompressSync(records)
    default:
      throw new Error('The scripted broker reads no snappy and no lz4')
  }
}

const CRC_TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

function crc32c(bytes: Buffer): number {
  let crc = ~0
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}
