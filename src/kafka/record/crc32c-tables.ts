const REVERSED_POLYNOMIAL = 0x82f63b78

/** What one byte does to a checksum of 0. */
export function crcOfByte(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? REVERSED_POLYNOMIAL : 0)
  return crc
}

const OF_BYTE = Int32Array.from({ length: 256 }, (_, byte) => crcOfByte(byte))

/** What `count` zero bytes do to a checksum. */
export function crcAfterZeros(crc: number, count: number): number {
  for (; count > 0; count--) crc = (crc >>> 8) ^ (OF_BYTE[crc & 0xff] ?? 0)
  return crc
}
