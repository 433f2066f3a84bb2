import { javaTrim } from '../java-trim.ts'

const isDelimiter = /[:,{}[\]"]/

/** Splits a text into delimiters (`: , { } [ ] "`) and the runs between them; a backslash makes a delimiter an ordinary character. */
export class ValueTokenizer {
  readonly original: string
  /** Of the token taken last. */
  previous: string | null = null
  #position = 0
  #next: string | null = null

  constructor(original: string) {
    this.original = original
  }

  hasNext(): boolean {
    return this.#next !== null || this.#position < this.original.length
  }

  /** Where the next token begins, to come back to with `rewindTo`. */
  mark(): number {
    return this.#position - (this.#next?.length ?? 0)
  }

  rewindTo(position: number): void {
    this.#position = position
    this.#next = null
    this.previous = null
  }

  next(): string {
    const token = this.#next ?? this.#read()
    this.#next = null
    this.previous = token
    return token
  }

  /** So many tokens in one; null, and nothing taken, when there are fewer. */
  nextJoined(count: number): string | null {
    const start = this.mark()
    for (let taken = 0; taken < count; taken++) {
      if (!this.hasNext()) {
        this.rewindTo(start)
        return null
      }
      this.next()
    }
    return this.original.slice(start, this.#position)
  }

  /** Takes the next token when, white space aside, it is this one. Blank tokens before it are skipped either way. */
  canConsume(expected: string): boolean {
    if (!this.#skipBlanks() || javaTrim(this.#next ?? '') !== expected) return false
    this.#next = null
    return true
  }

  /** Makes the next token one that is not blank, if there is any. False: there is none at all. */
  #skipBlanks(): boolean {
    if (!this.hasNext()) return false
    this.#next ??= this.#read()
    while (javaTrim(this.#next) === '' && this.#position < this.original.length) this.#next = this.#read()
    return true
  }

  #read(): string {
    const start = this.#position
    let isEscaped = false
    for (; this.#position < this.original.length; this.#position++) {
      const character = this.original.charAt(this.#position)
      if (character === '\\') isEscaped = !isEscaped
      else if (isEscaped || !isDelimiter.test(character)) isEscaped = false
      else return this.original.slice(start, start < this.#position ? this.#position : ++this.#position)
    }
    return this.original.slice(start)
  }
}
