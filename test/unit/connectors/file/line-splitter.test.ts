import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LineInput } from '../../../../connectors/file/line-input.ts'
import { LineSplitter } from '../../../../connectors/file/line-splitter.ts'

/** Gives these chunks, one a read; a chunk that does not fit comes in parts. */
class ChunkedInput implements LineInput {
  readonly fileKey = null
  readonly #chunks: Buffer[]

  constructor(chunks: readonly Buffer[]) {
    this.#chunks = chunks.filter((chunk) => chunk.length > 0)
  }

  async open(): Promise<number> {
    return 0
  }

  async read(target: Buffer, start: number): Promise<number> {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return 0
    const count = chunk.copy(target, start)
    if (count < chunk.length) this.#chunks.unshift(chunk.subarray(count))
    return count
  }

  async hasEnded(): Promise<boolean> {
    return false
  }

  async close(): Promise<void> {}
}

interface Line {
  readonly line: string
  readonly position: number
}

async function linesOf(chunks: readonly Buffer[]): Promise<{ lines: Line[]; rest: string | null }> {
  const splitter = new LineSplitter()
  const input = new ChunkedInput(chunks)
  const lines: Line[] = []
  while (await splitter.fill(input)) while (splitter.next()) lines.push({ line: splitter.line, position: splitter.position })
  return { lines, rest: splitter.rest() }
}

/** The same the obvious way: byte by byte. */
function reference(bytes: Buffer): { lines: Line[]; rest: string | null } {
  const lines: Line[] = []
  let start = 0
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0x0a && bytes[at] !== 0x0d) continue
    if (bytes[at] === 0x0d && at + 1 === bytes.length) break
    const line = bytes.toString('utf8', start, at)
    if (bytes[at] === 0x0d && bytes[at + 1] === 0x0a) at++
    start = at + 1
    lines.push({ line, position: start })
  }
  const end = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length
  return { lines, rest: start === bytes.length ? null : bytes.toString('utf8', start, end) }
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const borders = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return borders.slice(1).map((border, index) => bytes.subarray(borders[index], border))
}

const piece = fc.oneof(fc.constantFrom('\n', '\r', '\r\n', '\n\n', 'a', 'bc', 'ü', '😀', '\u2028', '\ufeff'), fc.string({ maxLength: 5 }))
const text = fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join('')))
const anyBytes = fc.array(fc.oneof(fc.constantFrom(0x0a, 0x0d, 0xc3, 0xe2, 0xf0, 0x80, 0xff), fc.integer({ min: 0, max: 255 })), {
  maxLength: 60,
})
const malformed = anyBytes.map((array) => Buffer.from(array))

describe('LineSplitter', () => {
  it('waits for the byte after a CR however often there is none, and gives the line once', async () => {
    const splitter = new LineSplitter()
    const pauses = [Buffer.from('a\nb\r'), null, null, Buffer.from('\nc\r'), null, Buffer.from('d\n')]
    const input = new ChunkedInput([])
    input.read = async (target, start) => pauses.shift()?.copy(target, start) ?? 0
    const lines: Line[] = []
    while (pauses.length > 0) {
      await splitter.fill(input)
      while (splitter.next()) lines.push({ line: splitter.line, position: splitter.position })
    }
    expect(lines.map(({ line }) => line)).toEqual(['a', 'b', 'c', 'd'])
    expect(lines.map(({ position }) => position)).toEqual([2, 5, 7, 9])
  })

  it('finds the same lines however the bytes are cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, malformed), fc.array(fc.nat(), { maxLength: 8 }), async (bytes, places) => {
        expect(await linesOf(cut(bytes, places))).toEqual(reference(bytes))
      }),
      { numRuns: 1000 },
    )
  })

  it('finds lines that are longer than its buffer, and short ones after them', async () => {
    const bytes = Buffer.from(`${'x'.repeat(700_000)}\nshort\r\n${'é'.repeat(400_000)}\r${'y'.repeat(300_000)}`)
    expect(await linesOf([bytes])).toEqual(reference(bytes))
  })

  it('finds lines at every place around the end of its buffer', async () => {
    const size = 256 * 1024
    for (const terminator of ['\n', '\r\n', '\r']) {
      for (let length = size - 3; length <= size + 1; length++) {
        const bytes = Buffer.from(`${'x'.repeat(length)}${terminator}üb${terminator}`)
        expect(await linesOf([bytes])).toEqual(reference(bytes))
      }
    }
  })

  it('keeps a byte order mark and replaces malformed sequences', async () => {
    const { lines } = await linesOf([Buffer.from('efbbbf61c30a62ff630a', 'hex')])
    expect(lines.map(({ line }) => line)).toEqual(['\ufeffa\ufffd', 'b\ufffdc'])
  })

  it('starts anew after a reset', async () => {
    const splitter = new LineSplitter()
    await splitter.fill(new ChunkedInput([Buffer.from('half')]))
    splitter.reset(100)
    expect(splitter.rest()).toBeNull()
    await splitter.fill(new ChunkedInput([Buffer.from('line\n')]))
    expect([splitter.next(), splitter.line, splitter.position]).toEqual([true, 'line', 105])
  })
})
