import { hasWebAssembly, nativeCrc32c } from './native-codec.ts'

/** WebAssembly memory never shrinks: larger inputs take the slower way. */
const MAX_NATIVE_BYTES = 16 * 1024 * 1024

/** CRC-32C (Castagnoli) as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  return hasWebAssembly && bytes.length <= MAX_NATIVE_BYTES ? nativeCrc32c(bytes) : crc32cInJavaScript(bytes)
}

/** Slicing-by-8: eight bytes a step, one table look-up for each. */
export function crc32cInJavaScript(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const inSteps = bytes.length & ~7
  let crc = -1
  for (let at = 0; at < inSteps; at += 8) {
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
  for (let at = inSteps; at < bytes.length; at++) crc = (crc >>> 8) ^ entry(0, (crc ^ view.getUint8(at)) & 0xff)
  return ~crc >>> 0
}

const REVERSED_POLYNOMIAL = 0x82f63b78
const TABLES = slicingTables()

/** Table `slice` says what a byte followed by `slice` zero bytes does to the checksum. */
function slicingTables(): Int32Array {
  const tables = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? REVERSED_POLYNOMIAL : 0)
    tables[byte] = crc
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] ?? 0
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] ?? 0)
  }
  return tables
}

function entry(slice: number, byte: number): number {
  return TABLES[(slice << 8) | byte] ?? 0
}
