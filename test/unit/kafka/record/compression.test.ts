import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { KafkaError } from '../../../../src/kafka/errors.ts'
import { RECORDS } from '../../../../src/kafka/record/batch-format.ts'
import { compress, decompress, MAX_INFLATED_BYTES } from '../../../../src/kafka/record/compression.ts'
import { COMPRESSION_TYPES, type CompressionType } from '../../../../src/kafka/record/compression-type.ts'
import { callNative } from '../../../../src/kafka/record/native-codec.ts'
import { batchOf, cursorOver, readAll, record, withCrc } from '../../../support/record-batches.ts'

const text = Buffer.from(Array.from({ length: 5000 }, (_, id) => JSON.stringify({ id, name: `standpipe-${id * id}` })).join('\n'))
const noise = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (Math.imul(index, 2654435761) >>> 13) & 0xff))

describe.each(COMPRESSION_TYPES)('%s', (type) => {
  it.each([
    ['text', text],
    ['noise', noise],
    ['one byte', Buffer.from('x')],
  ])('gives %s back', (_, bytes) => {
    expect(decompress(type, compress({ type }, bytes)).equals(bytes)).toBe(true)
  })
})

describe('levels', () => {
  it.each(['gzip', 'zstd'] as const)('of %s change the size', (type) => {
    const [fast, best] = [compress({ type, level: 1 }, text), compress({ type, level: 9 }, text)]
    expect(best.length).not.toBe(fast.length)
    expect(decompress(type, best).equals(text)).toBe(true)
  })
})

describe('snappy in the frames of xerial (K13)', () => {
  it('is read block by block', () => {
    expect(decompress('snappy', xerial([text, noise, Buffer.from('x')])).equals(Buffer.concat([text, noise, Buffer.from('x')]))).toBe(true)
  })

  it('is read when there is no block', () => {
    expect(decompress('snappy', xerial([]))).toHaveLength(0)
  })

  it('is refused when a block is cut off or has a negative length', () => {
    const frames = xerial([text])
    expect(() => decompress('snappy', frames.subarray(0, -1))).toThrow('ends outside the batch')
    frames.writeInt32BE(-4, 16)
    expect(() => decompress('snappy', frames)).toThrow('ends outside the batch')
  })
})

describe('a bomb (K13)', () => {
  const tooMuch = Buffer.alloc(MAX_INFLATED_BYTES + 1)
  const gzipBomb = gzipSync(tooMuch, { level: 1 })

  it.each([
    ['gzip', () => gzipBomb, 'Cannot create a Buffer larger'],
    ['zstd', () => zstdCompressSync(tooMuch), 'Cannot create a Buffer larger'],
    ['snappy', () => snappyClaiming(MAX_INFLATED_BYTES + 1), 'more than the limit'],
    ['lz4', () => lz4Blocks(100, 1024 * 1024), 'more than the limit'],
  ] as const)('of %s is refused before it is inflated', (type, bomb, reason) => {
    expect(() => decompress(type, bomb())).toThrow(reason)
  })

  it('of snappy is refused when its length cannot be true', () => {
    expect(() => decompress('snappy', snappyClaiming(200_000_000))).toThrow('cannot inflate to')
  })

  it('of snappy is refused when it is spread over xerial blocks', () => {
    const block = callNative('snappy_compress', tooMuch.subarray(0, 130 * 1024 * 1024))
    expect(() => decompress('snappy', xerialOf([block, block]))).toThrow('more than the limit')
  })

  it('in a batch is an error that names the batch', () => {
    const bomb = withRecords('gzip', gzipBomb)
    expect(() => cursorOver(bomb).take(1)).toThrow(/Record batch for partition orders-3 at offset 0 is invalid, cause: its gzip data/)
  })
})

describe('malformed data', () => {
  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('of %s is an error that names topic, partition and offset', (type) => {
    const bytes = withRecords(type, Buffer.alloc(100, 0xff))
    const read = (): unknown => cursorOver(bytes).take(1)
    expect(read).toThrow(KafkaError)
    expect(read).toThrow(`Record batch for partition orders-3 at offset 0 is invalid, cause: its ${type} data cannot be decompressed`)
  })

  it('of a codec that does not exist is an error', () => {
    const bytes = batchOf([record('x')], { attributes: 5 })
    expect(() => cursorOver(bytes).take(1)).toThrow('Unknown compression type id: 5')
  })

  it.each(['lz4', 'snappy'] as const)('of %s 1,000 times does not harm the good batch that follows (K13)', (type) => {
    const good = batchOf([record('a'.repeat(5000)), record('b')], { compression: { type } })
    const bad = Buffer.from(good)
    bad.fill(0xee, RECORDS + 16, bad.length - 4)
    withCrc(bad)
    for (let count = 0; count < 1000; count++) expect(() => cursorOver(bad).take(1)).toThrow(KafkaError)
    expect(readAll(good)).toHaveLength(2)
  })

  it('of lz4 is refused at every place where it can be cut off', () => {
    const frame = compress({ type: 'lz4' }, text.subarray(0, 1000))
    for (let length = 0; length < frame.length; length++) expect(() => decompress('lz4', frame.subarray(0, length))).toThrow()
  })

  it('of lz4 behind the frame is left alone', () => {
    const frame = compress({ type: 'lz4' }, text)
    expect(decompress('lz4', Buffer.concat([frame, lz4Blocks(100, 1024 * 1024)])).equals(text)).toBe(true)
  })
})

function xerial(blocks: readonly Buffer[]): Buffer {
  return xerialOf(blocks.map((block) => callNative('snappy_compress', block)))
}

function xerialOf(compressed: readonly Buffer[]): Buffer {
  const header = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex')
  const blocks = compressed.flatMap((block) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    return [length, block]
  })
  return Buffer.concat([header, ...blocks])
}

/** A block that says it inflates to `length` bytes, and does not. */
function snappyClaiming(length: number): Buffer {
  const bytes: number[] = []
  for (; length > 0x7f; length >>>= 7) bytes.push((length & 0x7f) | 0x80)
  return Buffer.from([...bytes, length, 0, 0, 0])
}

/** A frame of blocks that may each inflate to 4 MiB. */
function lz4Blocks(count: number, blockBytes: number): Buffer {
  const header = Buffer.from('04224d18' + '60' + '70' + '73', 'hex')
  const block = Buffer.alloc(4 + blockBytes)
  block.writeUInt32LE(blockBytes)
  return Buffer.concat([header, ...Array.from({ length: count }, () => block), Buffer.alloc(4)])
}

/** A batch with a good header and checksum around these compressed records. */
function withRecords(type: CompressionType, compressed: Buffer): Buffer {
  const batch = Buffer.concat([batchOf([record('x')], { compression: { type } }).subarray(0, RECORDS), compressed])
  batch.writeInt32BE(batch.length - 12, 8)
  return withCrc(batch)
}
