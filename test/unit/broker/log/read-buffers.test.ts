import { describe, expect, it } from 'vitest'
import { isLent, lendBuffer, returnBuffer } from '../../../../src/broker/log/read-buffers.ts'

describe('memory for reads', () => {
  it('is lent again when it came back, and never twice at a time', () => {
    const first = lendBuffer(100_000)
    const second = lendBuffer(100_000)
    expect([first.length, second.buffer === first.buffer]).toEqual([100_000, false])
    returnBuffer(first)
    expect(lendBuffer(90_000).buffer).toBe(first.buffer)
    expect(lendBuffer(90_000).buffer).not.toBe(first.buffer)
  })

  it('is taken back once, and only when it was lent', () => {
    const lent = lendBuffer(50_000)
    expect([isLent(lent), isLent(lent.subarray(1)), isLent(Buffer.alloc(50_000)), isLent(lendBuffer(100))]).toEqual([
      true,
      false,
      false,
      false,
    ])
    returnBuffer(lent)
    returnBuffer(lent)
    returnBuffer(Buffer.alloc(50_000))
    expect(isLent(lent)).toBe(false)
    expect(lendBuffer(50_000).buffer).not.toBe(lendBuffer(50_000).buffer)
  })
})
