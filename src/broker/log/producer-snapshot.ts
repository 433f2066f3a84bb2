import { writeInt64 } from '../../kafka/record/batch-format.ts'
import { crc32c } from '../../kafka/record/crc32c.ts'
import { int64 } from './batch-view.ts'
import { ProducerEntry, rememberedBatch } from './producer-entry.ts'

const VERSION = 1
const CRC = 2
const COUNT = 6
const HEADER_BYTES = 10
const ENTRY_BYTES = 46

/** A `.snapshot` file as Kafka writes it: what is known of each producer when all batches before an offset were seen. */
export function encodeSnapshot(entries: readonly ProducerEntry[]): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + entries.length * ENTRY_BYTES)
  bytes.writeInt16BE(VERSION, 0)
  bytes.writeInt32BE(entries.length, COUNT)
  entries.forEach((entry, index) => writeEntry(bytes, HEADER_BYTES + index * ENTRY_BYTES, entry))
  bytes.writeUInt32BE(crc32c(bytes.subarray(COUNT)), CRC)
  return bytes
}

/** @returns null for bytes that are no whole snapshot: the log itself says the same */
export function decodeSnapshot(bytes: Buffer): ProducerEntry[] | null {
  if (bytes.length < HEADER_BYTES || bytes.readInt16BE(0) !== VERSION) return null
  const count = bytes.readInt32BE(COUNT)
  if (bytes.length !== HEADER_BYTES + count * ENTRY_BYTES || bytes.readUInt32BE(CRC) !== crc32c(bytes.subarray(COUNT))) return null
  return Array.from({ length: count }, (_, index) => readEntry(bytes, HEADER_BYTES + index * ENTRY_BYTES))
}

function writeEntry(bytes: Buffer, at: number, entry: ProducerEntry): void {
  const last = entry.lastBatch
  writeInt64(bytes, at, entry.producerId)
  bytes.writeInt16BE(entry.epoch, at + 8)
  bytes.writeInt32BE(entry.lastSequence, at + 10)
  writeInt64(bytes, at + 14, entry.lastOffset)
  bytes.writeInt32BE(last === null ? 0 : last.lastOffset - last.firstOffset, at + 22)
  writeInt64(bytes, at + 26, entry.lastTimestamp)
  bytes.writeInt32BE(entry.coordinatorEpoch, at + 34)
  writeInt64(bytes, at + 38, entry.transactionStart)
}

function readEntry(bytes: Buffer, at: number): ProducerEntry {
  const entry = new ProducerEntry(int64(bytes, at))
  const [lastSequence, lastOffset, offsetDelta, timestamp] = [
    bytes.readInt32BE(at + 10),
    int64(bytes, at + 14),
    bytes.readInt32BE(at + 22),
    int64(bytes, at + 26),
  ]
  const epoch = bytes.readInt16BE(at + 8)
  if (lastOffset >= 0) entry.addBatch(epoch, rememberedBatch(lastSequence, lastOffset, offsetDelta, timestamp))
  entry.setEpoch(epoch)
  entry.lastTimestamp = timestamp
  entry.coordinatorEpoch = bytes.readInt32BE(at + 34)
  entry.transactionStart = int64(bytes, at + 38)
  return entry
}
