/**
 * The frames that Java writes around snappy (the library snappy-java of xerial.org): a header of 16 bytes, then blocks with their
 * length in front. librdkafka and we write one plain block instead; every client reads both.
 */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const HEADER_BYTES = 16
/** A block's copies give at most 64 bytes for 3. */
const MAX_RATIO = 22

/** Whether the bytes have xerial's frames. No plain block starts like that: its first bytes would say an impossible length. */
export function isXerial(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) === 0
}

/** The plain snappy blocks inside xerial's frames, as views. @throws RangeError when a block is cut off */
export function xerialBlocks(bytes: Buffer): readonly Buffer[] {
  const blocks: Buffer[] = []
  let at = HEADER_BYTES
  while (at < bytes.length) {
    const end = at + 4 + bytes.readInt32BE(at)
    if (end < at + 4 || end > bytes.length) throw new RangeError(`A snappy block at byte ${at} ends outside the batch`)
    blocks.push(bytes.subarray(at + 4, end))
    at = end
  }
  return blocks
}

/** @throws RangeError when the block says it is larger than `maxBytes`, or than its bytes can ever give */
export function checkSnappyBlock(block: Buffer, maxBytes: number): void {
  const length = uncompressedLength(block)
  if (length > maxBytes) throw new RangeError(`The snappy block inflates to ${length} bytes, more than the limit of ${maxBytes}`)
  if (length > MAX_RATIO * block.length) throw new RangeError(`A snappy block of ${block.length} bytes cannot inflate to ${length}`)
}

function uncompressedLength(block: Buffer): number {
  let length = 0
  for (let at = 0; at < 5; at++) {
    const byte = block.readUInt8(at)
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return length
  }
  throw new RangeError('The snappy block does not start with a length')
}
