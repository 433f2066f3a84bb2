/** Codecs by the name `compression.type` has for them; the index is the number in a batch's attributes. */
export const COMPRESSION_TYPES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export type CompressionType = (typeof COMPRESSION_TYPES)[number]
