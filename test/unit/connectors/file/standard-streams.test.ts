import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { LineSplitter } from '../../../../connectors/file/line-splitter.ts'
import { StandardInput } from '../../../../connectors/file/standard-input.ts'
import { StandardOutput } from '../../../../connectors/file/standard-output.ts'

async function someLines(input: StandardInput, splitter: LineSplitter): Promise<string[]> {
  const lines: string[] = []
  if (await splitter.fill(input)) while (splitter.next()) lines.push(splitter.line)
  return lines
}

describe('StandardInput', () => {
  it('gives what is written, nothing while nothing is, and nothing for ever after the end', async () => {
    const stream = new PassThrough()
    const input = new StandardInput(stream)
    const splitter = new LineSplitter()
    expect(await input.open()).toBe(0)
    expect(await someLines(input, splitter)).toEqual([])
    stream.write('one\ntw')
    expect(await someLines(input, splitter)).toEqual(['one'])
    stream.end('o\n')
    expect(await someLines(input, splitter)).toEqual(['two'])
    expect(await someLines(input, splitter)).toEqual([])
    expect(await someLines(input, splitter)).toEqual([])
    expect(await input.hasEnded()).toBe(false)
    await input.close()
    expect(stream.listenerCount('error')).toBe(0)
  })

  it('gives a long stream whole and in order', async () => {
    const stream = new PassThrough()
    const input = new StandardInput(stream)
    const splitter = new LineSplitter()
    await input.open()
    const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index}`)
    stream.end(lines.join('\n') + '\n')
    const seen: string[] = []
    while (seen.length < lines.length) seen.push(...(await someLines(input, splitter)))
    expect(seen).toEqual(lines)
    await input.close()
  })

  it('fails when the stream fails, and says so', async () => {
    const stream = new PassThrough()
    const input = new StandardInput(stream)
    await input.open()
    stream.destroy(new Error('EIO: i/o error'))
    await expect(input.read(Buffer.alloc(10), 0)).rejects.toThrow('Cannot read standard input: EIO: i/o error')
    await input.close()
  })
})

describe('StandardOutput', () => {
  it('settles when the stream has taken the bytes', async () => {
    const written: string[] = []
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        setTimeout(() => {
          written.push(chunk.toString())
          done()
        }, 5)
      },
    })
    const output = new StandardOutput(stream)
    await output.open()
    await output.append(Buffer.from('a\n'))
    await output.sync()
    expect(written).toEqual(['a\n'])
    await output.close()
    expect(stream.listenerCount('error')).toBe(0)
  })

  it('fails, and does not end the process, when nobody reads any more', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('write EPIPE')) })
    const output = new StandardOutput(stream)
    await output.open()
    await expect(output.append(Buffer.from('a\n'))).rejects.toThrow('Cannot write to standard output: write EPIPE. Is its reader gone?')
  })
})
