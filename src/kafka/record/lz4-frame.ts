/** What the LZ4 frame format says about a frame without inflating it (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). */
const MAGIC = 0x184d2204
const MIN_HEADER_BYTES = 7
const CONTENT_SIZE = 0x08
const BLOCK_CHECKSUM = 0x10
const CONTENT_CHECKSUM = 0x04
const DICTIONARY_ID = 0x01
const STORED_BLOCK = 0x80000000
/** A block's match of 255 bytes takes one byte. */
const MAX_RATIO = 255

/**
 * The first frame of the bytes, without what follows it.
 * @param maxBytes most it may inflate to
 * @throws RangeError when it is no frame, is cut off, or may inflate to more
 */
export function lz4Frame(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('The batch does not hold an lz4 frame')
  const flags = bytes.readUInt8(4)
  const maxBlockBytes = 2 ** (8 + 2 * ((bytes.readUInt8(5) >>> 4) & 7))
  const checksumBytes = flags & BLOCK_CHECKSUM ? 4 : 0
  let at = MIN_HEADER_BYTES + (flags & CONTENT_SIZE ? 8 : 0) + (flags & DICTIONARY_ID ? 4 : 0)
  let inflatedBytes = 0
  for (;;) {
    const size = bytes.readUInt32LE(at)
    at += 4
    if (size === 0) break
    const blockBytes = size & ~STORED_BLOCK
    inflatedBytes += size >= STORED_BLOCK ? blockBytes : Math.min(maxBlockBytes, MAX_RATIO * blockBytes)
    if (inflatedBytes > maxBytes) throw new RangeError(`The lz4 frame may inflate to more than the limit of ${maxBytes} bytes`)
    at += blockBytes + checksumBytes
  }
  if (flags & CONTENT_CHECKSUM) at += 4
  if (at > bytes.length) throw new RangeError('The lz4 frame is cut off')
  return bytes.subarray(0, at)
}
