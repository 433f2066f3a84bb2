import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../../../../src/kafka/record/varint.ts'

/** Zig-zag by BigInt, the slow way. */
function reference(value: number): number[] {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  const bytes: number[] = []
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}

const edges = [0, 1, -1, 63, 64, -64, -65, 8191, 8192, -8192, -8193, 2 ** 20, 2 ** 27, 2 ** 31 - 1, -(2 ** 31)]
const longEdges = [...edges, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, -(2 ** 32), 2 ** 34, 2 ** 41, -(2 ** 48), 2 ** 53 - 1, -(2 ** 53) + 1]

describe('varints', () => {
  it.each(edges)('writes %d as Java does, in the size it announced', (value) => {
    const bytes = Buffer.alloc(10)
    const end = writeVarint(bytes, 0, value)
    expect([...bytes.subarray(0, end)]).toEqual(reference(value))
    expect(sizeOfVarint(value)).toBe(end)
  })

  it.each(longEdges)('writes %d as varlong as Java does, in the size it announced', (value) => {
    const bytes = Buffer.alloc(10)
    const end = writeVarlong(bytes, 0, value)
    expect([...bytes.subarray(0, end)]).toEqual(reference(value))
    expect(sizeOfVarlong(value)).toBe(end)
  })

  it('writes any exact number as varlong', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = Buffer.alloc(10)
        expect([...bytes.subarray(0, writeVarlong(bytes, 0, value))]).toEqual(reference(value))
      }),
    )
  })
})
