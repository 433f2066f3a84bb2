import { isAscii } from 'node:buffer'
import { ConnectException } from 'standpipe/api'
import type { LineInput } from './line-input.ts'

const chunkBytes = 256 * 1024
const maxLineBytes = 256 * 1024 * 1024
const LF = 0x0a
const CR = 0x0d
const NONE = 2 ** 31 - 1

/**
 * Cuts bytes into lines as Java's BufferedReader does: LF, CRLF and a lone CR end a line; a CR at the end of what is there waits for
 * the next byte. Text is UTF-8, malformed sequences become U+FFFD.
 *
 * Use: `fill`, then `next` until it returns false, then `fill` again. One buffer is reused; it grows for a line that is longer.
 */
export class LineSplitter {
  /** The line `next` found, without its terminator. */
  line = ''
  /** Bytes of the input up to and with the terminator of the last line found. */
  position = 0
  #buffer = Buffer.allocUnsafeSlow(chunkBytes)
  /** The part of the buffer that holds bytes. */
  #bytes = this.#buffer.subarray(0, 0)
  /** Index of the first byte that belongs to no line yet. */
  #start = 0
  /** Up to here there is no terminator but, perhaps, a CR at the end. */
  #scanned = 0
  /** Index of the next LF and CR; below `#start`: not known; NONE: there is none. */
  #lf = NONE
  #cr = NONE
  /** The chunk as text when all of it is ASCII: cutting a string is faster than decoding each line. */
  #text: string | null = null
  #textStart = 0

  /** Forgets everything and counts from here. */
  reset(position: number): void {
    this.position = position
    this.#bytes = this.#buffer.subarray(0, 0)
    this.#start = 0
    this.#scanned = 0
    this.#lf = NONE
    this.#cr = NONE
    this.#text = null
  }

  /**
   * Reads more. Only after `next` has returned false.
   * @returns whether bytes came
   */
  async fill(input: LineInput): Promise<boolean> {
    this.#makeRoom()
    const held = this.#bytes.length
    const read = await input.read(this.#buffer, held)
    if (read === 0) return false
    this.#bytes = this.#buffer.subarray(0, held + read)
    this.#lf = this.#find(LF)
    this.#cr = this.#find(CR)
    if (this.#lf !== NONE || this.#cr !== NONE) this.#decode()
    return true
  }

  /** Moves to the next line: `line` and `position`. @returns false when no whole line is left */
  next(): boolean {
    if (this.#lf < this.#start) this.#lf = this.#find(LF)
    if (this.#cr < this.#start) this.#cr = this.#find(CR)
    const end = this.#lf < this.#cr ? this.#lf : this.#cr
    if (end === NONE) return false
    let next = end + 1
    if (end === this.#cr) {
      if (next === this.#bytes.length) return false
      if (this.#bytes[next] === LF) next++
    }
    this.line = this.#slice(end)
    this.position += next - this.#start
    this.#start = next
    return true
  }

  /** The text after the last terminator; null: there is none. For an input that has ended. */
  rest(): string | null {
    const { length } = this.#bytes
    if (this.#start === length) return null
    return this.#bytes.toString('utf8', this.#start, this.#bytes[length - 1] === CR ? length - 1 : length)
  }

  #makeRoom(): void {
    const held = this.#bytes.length - this.#start
    if (this.#start > 0) this.#bytes.copyWithin(0, this.#start)
    if (held === this.#buffer.length) this.#grow()
    else if (held === 0 && this.#buffer.length > chunkBytes) this.#buffer = Buffer.allocUnsafeSlow(chunkBytes)
    this.#bytes = this.#buffer.subarray(0, held)
    this.#start = 0
    this.#lf = NONE
    this.#cr = NONE
    this.#text = null
    this.#scanned = held > 0 && this.#bytes[held - 1] === CR ? held - 1 : held
  }

  #grow(): void {
    if (this.#buffer.length >= maxLineBytes) {
      const where = `The line after position ${this.position} is longer than ${maxLineBytes} bytes.`
      throw new ConnectException(`${where} Is this a text file? Lines must end in LF, CRLF or CR`)
    }
    const grown = Buffer.allocUnsafeSlow(this.#buffer.length * 2)
    this.#bytes.copy(grown)
    this.#buffer = grown
  }

  #decode(): void {
    const ascii = isAscii(this.#bytes)
    this.#text = ascii ? this.#bytes.toString('latin1', this.#start) : null
    this.#textStart = this.#start
  }

  #find(terminator: typeof LF | typeof CR): number {
    const from = this.#start > this.#scanned ? this.#start : this.#scanned
    if (this.#text === null) {
      const found = this.#bytes.indexOf(terminator, from)
      return found === -1 ? NONE : found
    }
    const found = this.#text.indexOf(terminator === LF ? '\n' : '\r', from - this.#textStart)
    return found === -1 ? NONE : found + this.#textStart
  }

  #slice(end: number): string {
    if (this.#text === null) return this.#bytes.toString('utf8', this.#start, end)
    return this.#text.slice(this.#start - this.#textStart, end - this.#textStart)
  }
}
