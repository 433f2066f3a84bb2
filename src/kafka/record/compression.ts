import type { CompressionType } from './compression-type.ts'
import { lz4Frame } from './lz4-frame.ts'
import { callNative } from './native-codec.ts'
import { checkSnappyBlock, isXerial, xerialBlocks } from './xerial-snappy.ts'

export interface Compression {
  readonly type: CompressionType
  /** gzip and zstd only; default: the codec's own. */
  readonly level?: number
}

/** Most that the records of one batch may be when inflated: far above any broker's limit, far below what hurts. */
export const MAX_INFLATED_BYTES = 256 * 1024 * 1024

/** Loaded by the first batch that needs it, which most programs never see. */
function zlib(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib')
}

/** @returns the records compressed, in a buffer of their own (or the input for none) */
export function compress({ type, level }: Compression, records: Buffer): Buffer {
  switch (type) {
    case 'none':
      return records
    case 'gzip':
      return zlib().gzipSync(records, level === undefined ? {} : { level })
    case 'snappy':
      return callNative('snappy_compress', records)
    case 'lz4':
      return callNative('lz4_compress', records)
    case 'zstd':
      return zlib().zstdCompressSync(records, level === undefined ? {} : { params: { [zlib().constants.ZSTD_c_compressionLevel]: level } })
  }
}

/**
 * Inflates the records of a batch. Bounds are checked before, or by the codec: a small batch cannot become more than {@link MAX_INFLATED_BYTES}.
 * @throws what the codec throws for malformed input, in any shape: the caller says which batch it was
 */
export function decompress(type: CompressionType, records: Buffer): Buffer {
  switch (type) {
    case 'none':
      return records
    case 'gzip':
      return zlib().gunzipSync(records, { maxOutputLength: MAX_INFLATED_BYTES })
    case 'snappy':
      return isXerial(records) ? inflateXerial(records) : inflateSnappy(records, MAX_INFLATED_BYTES)
    case 'lz4':
      return callNative('lz4_decompress', lz4Frame(records, MAX_INFLATED_BYTES))
    case 'zstd':
      return zlib().zstdDecompressSync(records, { maxOutputLength: MAX_INFLATED_BYTES })
  }
}

function inflateXerial(records: Buffer): Buffer {
  const inflated: Buffer[] = []
  let room = MAX_INFLATED_BYTES
  for (const block of xerialBlocks(records)) {
    const bytes = inflateSnappy(block, room)
    room -= bytes.length
    inflated.push(bytes)
  }
  return Buffer.concat(inflated)
}

function inflateSnappy(block: Buffer, maxBytes: number): Buffer {
  checkSnappyBlock(block, maxBytes)
  return callNative('snappy_decompress', block)
}
