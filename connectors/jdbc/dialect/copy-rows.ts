import { growing, roomFor, shortText, writeText } from './byte-writer.ts'
import type { SqlText } from './connection.ts'

const [backslash, tab, newline, carriageReturn, letterN] = [0x5c, 0x09, 0x0a, 0x0d, 0x4e]
const special = /[\\\t\n\r]/
const escapes: Readonly<Record<string, string>> = { '\\': String.raw`\\`, '\t': String.raw`\t`, '\n': String.raw`\n`, '\r': String.raw`\r` }
const meanings: Readonly<Record<string, string>> = { '\\': '\\', t: '\t', n: '\n', r: '\r' }

/** Rows in COPY's text format, as bytes. Nothing of their texts stays behind for the garbage collector. */
export class CopyRows {
  #bytes: Buffer = Buffer.allocUnsafeSlow(4096)
  #end = 0
  /** Where each row ends. */
  readonly #ends: number[] = []

  get count(): number {
    return this.#ends.length
  }

  /** @param arePlain columns in whose texts nothing needs an escape */
  push(row: readonly SqlText[], arePlain: readonly boolean[]): void {
    const columns = arePlain.length
    for (let index = 0; index < columns; index++) {
      this.#value(row[index] ?? null, arePlain[index] === true)
      this.#bytes[this.#end - 1] = index === columns - 1 ? newline : tab
    }
    this.#ends.push(this.#end)
  }

  /** Takes the row pushed last back. */
  pop(): void {
    this.#ends.pop()
    this.#end = this.#ends.at(-1) ?? 0
  }

  /** Rows from one to before another. It shares the bytes: nothing may be pushed while it is in use. */
  slice(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#ends[from - 1] ?? 0, this.#ends[to - 1] ?? 0)
  }

  /** The texts of a row as they were pushed. */
  textsAt(row: number): SqlText[] {
    const line = this.slice(row, row + 1)
      .toString()
      .slice(0, -1)
    return line.split('\t').map((text) => (text === String.raw`\N` ? null : unescaped(text)))
  }

  /** With a byte after it for what separates values. */
  #value(text: SqlText, isPlain: boolean): void {
    if (text === null) return this.#null()
    const isShort = text.length <= shortText
    const shown = isPlain || isShort ? text : withEscapes(text)
    this.#bytes = growing(this.#bytes, this.#end, roomFor(shown) + 1)
    this.#end += 1 + (isPlain || !isShort ? writeText(this.#bytes, shown, this.#end) : writeShort(this.#bytes, text, this.#end))
  }

  #null(): void {
    this.#bytes = growing(this.#bytes, this.#end, 3)
    this.#bytes[this.#end] = backslash
    this.#bytes[this.#end + 1] = letterN
    this.#end += 3
  }
}

/** Writes a short text with its escapes, for which there is room. @returns how many bytes it took */
function writeShort(bytes: Buffer, text: string, start: number): number {
  const { length } = text
  let at = start
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code >= 0x80) return writeText(bytes, withEscapes(text), start)
    if (code === backslash || code === tab || code === newline || code === carriageReturn) {
      bytes[at++] = backslash
      bytes[at++] = letterOf(code)
    } else {
      bytes[at++] = code
    }
  }
  return at - start
}

function letterOf(code: number): number {
  return escapes[String.fromCharCode(code)]?.charCodeAt(1) ?? code
}

function withEscapes(text: string): string {
  return special.test(text) ? text.replaceAll(/[\\\t\n\r]/g, (character) => escapes[character] ?? character) : text
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\(.)/g, (_all, letter: string) => meanings[letter] ?? letter) : text
}
