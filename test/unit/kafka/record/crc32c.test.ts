import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c, crc32cInJavaScript } from '../../../../src/kafka/record/crc32c.ts'
import { BlockChecksum } from '../../../../src/kafka/record/crc32c-blocks.ts'
import { nativeWasm } from '../../../../src/kafka/record/native-wasm.ts'

describe.each([
  ['by blocks', crc32c],
  ['in JavaScript', crc32cInJavaScript],
])('CRC-32C %s', (_, checksum) => {
  it.each([
    ['', 0],
    ['a', 0xc1d04330],
    ['123456789', 0xe3069283],
    ['The quick brown fox jumps over the lazy dog', 0x22620404],
  ])('of %j is the published value', (text, want) => {
    expect(checksum(Buffer.from(text))).toBe(want)
  })

  it('of 32 zeros and of 32 ones is that of RFC 3720', () => {
    expect(checksum(Buffer.alloc(32))).toBe(0x8a9136aa)
    expect(checksum(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
  })
})

describe('CRC-32C', () => {
  it('is the same both ways, for any length and alignment', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.nat(8), (bytes, from) => {
        const view = Buffer.from(bytes).subarray(from)
        expect(crc32c(view)).toBe(crc32cInJavaScript(view))
      }),
    )
  })

  it('is the same for many blocks and what is left behind them', () => {
    const large = Buffer.from(Array.from({ length: 200_000 }, (_, index) => Math.imul(index, 2654435761) >>> 24))
    for (const length of [511, 512, 513, 2047, 2048, 2049, 2559, 2560, 65_535, 65_536, 66_560, 131_073, 199_990]) {
      for (const from of [0, 1, 7]) {
        const view = large.subarray(from, from + length)
        expect(crc32c(view), `${length} bytes from ${from}`).toBe(crc32cInJavaScript(view))
      }
    }
  })
})

describe('the vectors', () => {
  it('are there, on the machines that tests run on', () => {
    expect(BlockChecksum.create()).not.toBeNull()
  })
})

describe('the embedded WebAssembly', () => {
  it('is the one of the installed package', () => {
    const dist = dirname(createRequire(import.meta.url).resolve('@platformatic/wasm-utils'))
    expect(nativeWasm).toBe(readFileSync(join(dist, 'native.wasm')).toString('base64'))
  })
})
