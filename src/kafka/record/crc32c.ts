import { BLOCK_BYTES, BlockChecksum } from './crc32c-blocks.ts'
import { crcAfterZeros, crcOfByte } from './crc32c-tables.ts'

/** From here on a whole block, most of it zeros, is faster than table look-ups. */
const PART_OF_BLOCK_BYTES = BLOCK_BYTES / 4

let blocks: BlockChecksum | null | undefined

/** CRC-32C (Castagnoli) as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  if (bytes.length < PART_OF_BLOCK_BYTES) return crc32cInJavaScript(bytes)
  if (blocks === undefined) blocks = BlockChecksum.create()
  if (blocks === null) return crc32cInJavaScript(bytes)
  const head = bytes.length % BLOCK_BYTES
  const crc = head < PART_OF_BLOCK_BYTES ? update(-1, bytes, head) : blocks.first(bytes, head)
  return ~blocks.update(crc, bytes, head) >>> 0
}

/** The same without vectors: for short inputs, and where the runtime has none. */
export function crc32cInJavaScript(bytes: Uint8Array): number {
  return ~update(-1, bytes, bytes.length) >>> 0
}

/** Slicing-by-8: eight bytes a step, one table look-up for each. */
function update(crc: number, bytes: Uint8Array, length: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, length)
  const endOfSteps = length & ~7
  for (let at = 0; at < endOfSteps; at += 8) {
    const low = view.getInt32(at, true) ^ crc
    const high = view.getInt32(at + 4, true)
    crc =
      entry(7, low & 0xff) ^
      entry(6, (low >>> 8) & 0xff) ^
      entry(5, (low >>> 16) & 0xff) ^
      entry(4, low >>> 24) ^
      entry(3, high & 0xff) ^
      entry(2, (high >>> 8) & 0xff) ^
      entry(1, (high >>> 16) & 0xff) ^
      entry(0, high >>> 24)
  }
  for (let at = endOfSteps; at < length; at++) crc = (crc >>> 8) ^ entry(0, (crc ^ view.getUint8(at)) & 0xff)
  return crc
}

/** Table `slice` says what a byte followed by `slice` zero bytes does to the checksum. */
const TABLES = Int32Array.from({ length: 8 * 256 }, (_, at) => crcAfterZeros(crcOfByte(at & 0xff), at >>> 8))

function entry(slice: number, byte: number): number {
  return TABLES[(slice << 8) | byte] ?? 0
}
