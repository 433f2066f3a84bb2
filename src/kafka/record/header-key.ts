const MAX_CACHED = 1024
const MAX_CACHED_LENGTH = 128
const cache = new Map<string, Buffer>()

/** UTF-8 of a header's key. A stream has few keys and repeats them in every record, so that the first ones seen are kept. */
export function encodedHeaderKey(key: string): Buffer {
  const cached = cache.get(key)
  if (cached !== undefined) return cached
  const encoded = Buffer.from(key)
  if (cache.size < MAX_CACHED && key.length <= MAX_CACHED_LENGTH) cache.set(key, encoded)
  return encoded
}
