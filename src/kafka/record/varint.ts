/**
 * Zig-zag variable-length integers as Kafka's records have them. A varint holds an int32. A varlong holds an int64, of which
 * a `number` is exact to 2^53: it is taken apart into 32-bit halves, since BigInt per record would cost more than the record.
 */

/** Bytes a varint takes, 1–5. */
export function sizeOfVarint(value: number): number {
  return sizeOfUnsigned(((value << 1) ^ (value >> 31)) >>> 0)
}

/** Bytes a varlong takes, 1–10. */
export function sizeOfVarlong(value: number): number {
  if (value === (value | 0)) return sizeOfVarint(value)
  const magnitude = value < 0 ? -(value + 1) : value
  const high = Math.floor(magnitude / 0x80000000)
  return Math.ceil((64 - Math.clz32(high)) / 7)
}

function sizeOfUnsigned(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x200000) return 3
  return value < 0x10000000 ? 4 : 5
}

/** Writes at `at` and returns the position behind. The caller has made room. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[at] = rest
  return at + 1
}

/** Writes at `at` and returns the position behind. The caller has made room. */
export function writeVarlong(target: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(target, at, value)
  const sign = value < 0 ? 1 : 0
  const magnitude = sign === 1 ? -(value + 1) : value
  let high = Math.floor(magnitude / 0x80000000)
  let low = ((magnitude << 1) | sign) >>> 0
  while (high > 0 || low > 0x7f) {
    target[at++] = (low & 0x7f) | 0x80
    low = ((low >>> 7) | (high << 25)) >>> 0
    high >>>= 7
  }
  target[at] = low
  return at + 1
}
