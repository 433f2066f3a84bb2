import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader } from '../../../../src/broker/network/frame-reader.ts'
import { InvalidRequest } from '../../../../src/broker/network/invalid-request.ts'

const MAX_BYTES = 100 * 1024 * 1024

function framed(body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

function framesOf(pieces: readonly Buffer[]): readonly Buffer[] {
  const frames: Buffer[] = []
  const reader = new FrameReader(MAX_BYTES, (frame) => frames.push(frame))
  for (const piece of pieces) reader.push(piece)
  return frames
}

describe('FrameReader', () => {
  it('gives the same frames however the bytes were cut', () => {
    const bodies = fc.array(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 90 })), (frames, cuts) => {
        const pieces: Buffer[] = []
        let rest = Buffer.concat(frames.map(framed))
        for (const cut of cuts) {
          pieces.push(rest.subarray(0, cut))
          rest = rest.subarray(cut)
        }
        expect(framesOf([...pieces, rest])).toEqual(frames)
      }),
    )
  })

  it('joins a frame of many pieces, larger than a modest one', () => {
    const body = Buffer.alloc(1_000_000, 'standpipe')
    const bytes = framed(body)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7_777) }, (_, index) => bytes.subarray(index * 7_777, (index + 1) * 7_777))
    expect(framesOf(pieces)).toEqual([body])
  })

  it('does not copy a frame that came in one piece', () => {
    const bytes = framed(Buffer.from('whole'))
    const [frame] = framesOf([bytes])
    bytes.write('W', 4)
    expect(frame?.toString()).toBe('Whole')
  })

  it('takes no memory for a length with nothing behind it', () => {
    const before = process.memoryUsage().arrayBuffers
    const readers = Array.from({ length: 20 }, () => {
      const reader = new FrameReader(MAX_BYTES, () => undefined)
      reader.push(framed(Buffer.alloc(0)).fill(Buffer.from([6, 0x40, 0, 0]))) // 100 MB
      reader.push(Buffer.alloc(1000))
      return reader
    })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
    expect(readers).toHaveLength(20)
  })

  it.each([-1, MAX_BYTES + 1, 0x48545450])('refuses a frame of %i bytes', (length) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(length)
    expect(() => framesOf([bytes])).toThrow(InvalidRequest)
  })
})
