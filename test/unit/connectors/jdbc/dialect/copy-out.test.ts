import { describe, expect, it } from 'vitest'
import { CopyOut, fieldsOf } from '../../../../../connectors/jdbc/dialect/copy-out.ts'

/** A connection whose socket counts what it is told. */
class Socket {
  readonly said: string[] = []
  readonly stream = { pause: () => this.said.push('pause'), resume: () => this.said.push('resume') }

  query(sql: string): void {
    this.said.push(sql)
  }
}

function copying(buffer = { maxRows: 4, maxBytes: 1000 }): { copy: CopyOut; socket: Socket; send: (...lines: string[]) => void } {
  const [copy, socket] = [new CopyOut('COPY', buffer), new Socket()]
  copy.submit(socket as never)
  return { copy, socket, send: (...lines) => lines.forEach((line) => copy.handleCopyData({ chunk: Buffer.from(`${line}\n`) })) }
}

describe('lines of COPY', () => {
  it.for([
    ['a\tb', ['a', 'b']],
    ['', ['']],
    ['\t', ['', '']],
    [String.raw`\N`, [null]],
    [String.raw`\\N`, [String.raw`\N`]],
    [String.raw`\\x01` + '\t\\N', [String.raw`\x01`, null]],
    [String.raw`a\tb\nc\rd\be\ff\vg\\h`, ['a\tb\nc\rd\be\ff\vg\\h']],
    ['é\t中', ['é', '中']],
  ] as const)('%j', ([line, fields]) => expect(fieldsOf(line)).toEqual(fields))
})

describe('COPY to us', () => {
  it('gives rows as soon as there are any, and at the end none', async () => {
    const { copy, send } = copying()
    const taken = copy.take(10)
    send('1', '2')
    expect(await taken).toEqual([['1'], ['2']])
    expect(copy.isAtEnd).toBe(false)
    const last = copy.take(10)
    copy.handleReadyForQuery()
    expect([await last, copy.isAtEnd]).toEqual([[], true])
  })

  it('makes the server wait while much is not taken, and lets it go on when half of it is', async () => {
    const { copy, socket, send } = copying()
    send('1', '2', '3', '4', '5')
    expect(socket.said).toEqual(['COPY', 'pause'])
    await copy.take(2)
    expect(socket.said).toHaveLength(2)
    await copy.take(2)
    expect(socket.said).toEqual(['COPY', 'pause', 'resume'])
    expect(await copy.take(2)).toEqual([['5']])
  })

  it('lets the server go on at its end, whose answers to the next statement are waited for', () => {
    const { copy, socket, send } = copying()
    send('1', '2', '3', '4', '5')
    copy.handleReadyForQuery()
    expect(socket.said).toEqual(['COPY', 'pause', 'resume'])
  })

  it('counts bytes too: rows of many megabytes go by few', async () => {
    const { copy, socket, send } = copying({ maxRows: 100, maxBytes: 10 })
    send('x'.repeat(8), 'y'.repeat(8), 'z'.repeat(8))
    expect(socket.said).toEqual(['COPY', 'pause'])
    expect(await copy.take(100)).toHaveLength(2)
  })

  it('tells of an error behind the rows that came before it, and is not at its end', async () => {
    const { copy, send } = copying()
    send('1')
    copy.handleError(new Error('gone'))
    expect(await copy.take(10)).toEqual([['1']])
    expect(copy.isAtEnd).toBe(false)
    await expect(copy.take(10)).rejects.toThrow('gone')
  })

  it('throws the rest away where it is small', async () => {
    const { copy, send } = copying()
    send('1', '2', '3', '4')
    const drained = copy.drain(100)
    send('5')
    copy.handleReadyForQuery()
    expect(await drained).toBe(true)
  })

  it('and gives up where it is not', async () => {
    const { copy, send } = copying()
    send('1'.repeat(50))
    const drained = copy.drain(10)
    send('2')
    expect(await drained).toBe(false)
  })
})
