import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader } from '../../../../src/kafka/kafkajs/frame-reader.ts'

interface Read {
  readonly reader: FrameReader
  readonly frames: Buffer[]
  readonly reasons: string[]
}

function newReader(): Read {
  const frames: Buffer[] = []
  const reasons: string[] = []
  const reader = new FrameReader({ onFrame: (frame) => frames.push(frame), onBroken: (reason) => reasons.push(reason) })
  return { reader, frames, reasons }
}

function withLength(frame: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(frame.length)
  return Buffer.concat([length, frame])
}

/** As a socket does: as many bytes as there are and as fit. */
function readThrough(reader: FrameReader, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) {
    const { space } = reader
    const count = bytes.copy(space, 0, at)
    reader.filled(space, count)
    at += count
  }
}

const someFrames = fc.array(
  fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 50 }),
    fc.integer({ min: 15_000, max: 70_000 }).map((length) => Buffer.alloc(length, length)),
  ),
  { maxLength: 6 },
)

test('frames arrive whole and in order however their bytes are cut, and stay as they are', () => {
  fc.assert(
    fc.property(someFrames, fc.integer({ min: 1, max: 40_000 }), fc.boolean(), (sent, cut, isRead) => {
      const { reader, frames } = newReader()
      const bytes = Buffer.concat(sent.map(withLength))
      for (let at = 0; at < bytes.length; at += cut) {
        const piece = Buffer.from(bytes.subarray(at, at + cut))
        if (isRead) readThrough(reader, piece)
        else reader.push(piece)
        piece.fill(0)
      }
      expect(frames.map((frame) => frame.toString('latin1'))).toEqual(sent.map((frame) => Buffer.from(frame).toString('latin1')))
    }),
    { numRuns: 200 },
  )
})

test('the rest of a large frame is read into its own buffer', () => {
  const { reader, frames } = newReader()
  reader.push(withLength(Buffer.alloc(1_000_000, 7)).subarray(0, 1000))
  const { space } = reader
  expect(space.length).toBe(1_000_000 + 4 - 1000)
  reader.filled(space, space.length)
  expect(frames[0]!.buffer).toBe(space.buffer)
})

test.each([
  ['a TLS port', Buffer.from([0x15, 3, 3, 0, 2, 2, 80]), 'it answers with a TLS alert'],
  ['a web server', Buffer.from('HTTP/1.1 400 Bad Request'), 'it announces an answer of 1213486160 bytes'],
  ['too short for a correlation id', Buffer.from([0, 0, 0, 2, 0, 0]), 'it announces an answer of 2 bytes'],
])('%s is told, once, and nothing of it is taken', (_, bytes, reason) => {
  const { reader, frames, reasons } = newReader()
  reader.push(bytes)
  reader.push(bytes)
  expect([frames, reasons]).toEqual([[], [reason]])
})
