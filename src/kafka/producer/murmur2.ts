const SEED = 0x9747b28c
const M = 0x5bd1e995
const R = 24

/** Kafka's hash of a record's key, a signed 32-bit number (Apache Kafka 4.3, Utils#murmur2). */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  const inWords = length & ~3
  let hash = SEED ^ length
  for (let at = 0; at < inWords; at += 4) {
    let word = byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)
    word = Math.imul(word, M)
    word ^= word >>> R
    hash = Math.imul(hash, M) ^ Math.imul(word, M)
  }
  const rest = length - inWords
  if (rest > 2) hash ^= byteAt(bytes, inWords + 2) << 16
  if (rest > 1) hash ^= byteAt(bytes, inWords + 1) << 8
  if (rest > 0) hash = Math.imul(hash ^ byteAt(bytes, inWords), M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}
