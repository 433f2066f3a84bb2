import type { Connection, Submittable } from 'pg'
import type { SqlText } from './connection.ts'

/** What `pg` gives a submittable besides its types. */
interface CopySource {
  readonly stream: { pause(): unknown; resume(): unknown }
}

/** How much may lie here before the server is made to wait. */
export interface CopyBuffer {
  readonly maxRows: number
  /** Also of one page. */
  readonly maxBytes: number
}

/**
 * `COPY … TO STDOUT` as `pg` runs it. The server sends without being asked, one message a row: a quarter of the cost of rows that are
 * fetched. What is not taken yet is bounded; beyond that nothing is read from the socket.
 */
export class CopyOut implements Submittable {
  readonly #sql: string
  readonly #buffer: CopyBuffer
  #socket: CopySource['stream'] | null = null
  #lines: string[] = []
  #taken = 0
  #bytes = 0
  #isPaused = false
  #isOver = false
  #failure: Error | null = null
  #wake: () => void = () => undefined

  constructor(sql: string, buffer: CopyBuffer) {
    this.#sql = sql
    this.#buffer = buffer
  }

  /** The server has sent everything, and all of it was taken. */
  get isAtEnd(): boolean {
    return this.#isOver && this.#failure === null && this.#taken === this.#lines.length
  }

  /** The next rows, as soon as there are any; empty: there are no more. @throws Error of `pg`, behind the rows that came before it */
  async take(maxRows: number): Promise<SqlText[][]> {
    while (this.#taken === this.#lines.length && !this.#isOver) await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#taken === this.#lines.length && this.#failure !== null) throw this.#failure
    const rows: SqlText[][] = []
    let bytes = 0
    while (rows.length < maxRows && bytes < this.#buffer.maxBytes && this.#taken < this.#lines.length) {
      const line = this.#lines[this.#taken++] ?? ''
      bytes += line.length
      rows.push(fieldsOf(line))
    }
    this.#bytes -= bytes
    if (2 * (this.#lines.length - this.#taken) <= this.#buffer.maxRows) this.#refill()
    return rows
  }

  /** Throws what there is away. @returns whether the end came within so many bytes */
  async drain(maxBytes: number): Promise<boolean> {
    for (let bytes = 0; !this.#isOver && bytes <= maxBytes;) {
      bytes += this.#bytes
      this.#taken = this.#lines.length
      this.#bytes = 0
      this.#refill()
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return this.#isOver
  }

  submit(connection: Connection): void {
    this.#socket = (connection as unknown as CopySource).stream // pg's types lack it
    connection.query(this.#sql)
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    const line = chunk.toString('utf8', 0, chunk.length - 1)
    this.#lines.push(line)
    this.#bytes += line.length
    this.#wake()
    if (this.#isPaused || (this.#lines.length < this.#buffer.maxRows && this.#bytes < this.#buffer.maxBytes)) return
    this.#isPaused = true
    this.#socket?.pause()
  }

  handleCommandComplete(): void {
    // the count of rows is of no interest
  }

  /** Of the server, whose ReadyForQuery follows, or of the connection, after which nothing does. */
  handleError(error: Error): void {
    this.#failure ??= error
    this.#end()
  }

  handleReadyForQuery(): void {
    this.#end()
  }

  /** The socket is that of the next statement now, whatever is not taken yet. */
  #end(): void {
    this.#isOver = true
    this.#letServerGoOn()
    this.#wake()
  }

  #refill(): void {
    this.#lines = this.#lines.slice(this.#taken)
    this.#taken = 0
    this.#letServerGoOn()
  }

  #letServerGoOn(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket?.resume()
  }
}

/** A line of the text format: fields between tabulators, which inside of them are written `\t`. */
export function fieldsOf(line: string): SqlText[] {
  const fields: SqlText[] = []
  const isPlain = !line.includes('\\')
  let from = 0
  for (let to = line.indexOf('\t'); to >= 0; to = line.indexOf('\t', from)) {
    fields.push(isPlain ? line.slice(from, to) : unescaped(line.slice(from, to)))
    from = to + 1
  }
  fields.push(isPlain ? line.slice(from) : unescaped(line.slice(from)))
  return fields
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function unescaped(field: string): SqlText {
  if (!field.includes('\\')) return field
  return field === String.raw`\N` ? null : field.replaceAll(/\\(.)/g, (_, char: string) => escapes[char] ?? char)
}
