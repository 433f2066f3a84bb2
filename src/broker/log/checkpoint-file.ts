import type { LogFolder } from './storage/log-storage.ts'

const VERSION = '0'
const HEADER_LINES = 2

/** A text file as Kafka writes its checkpoints: a version, a count, then a line for each entry with spaces between its words. */
export class CheckpointFile {
  readonly #folder: LogFolder
  readonly #name: string
  /** What the file says when the last write is through; empty: there is none, null: nobody knows. */
  #text: string | null = ''
  #lastWrite = Promise.resolve()

  constructor(folder: LogFolder, name: string) {
    this.#folder = folder
    this.#name = name
  }

  /** The words of each entry; none when there is no such file. */
  read(): string[][] {
    const text = this.#folder.readAll(this.#name)?.toString('utf8') ?? ''
    this.#text = text
    const lines = text.split('\n')
    if (lines[0] !== VERSION) return []
    return lines.slice(HEADER_LINES).map((line) => line.split(' '))
  }

  /** Resolves when the file survives a crash of the machine. Nothing is written when it says the same already, no file included. Calls take effect in their order. */
  write(entries: Iterable<readonly (string | number)[]>): Promise<void> {
    const lines = Array.from(entries, (entry) => entry.join(' '))
    if (lines.length === 0 && this.#text === '') return this.#lastWrite
    const text = [VERSION, lines.length, ...lines, ''].join('\n')
    if (text === this.#text) return this.#lastWrite
    this.#text = text
    const replace = () => this.#replace(text)
    this.#lastWrite = this.#lastWrite.then(replace, replace)
    return this.#lastWrite
  }

  async #replace(text: string): Promise<void> {
    try {
      await this.#folder.replace(this.#name, Buffer.from(text))
    } catch (error) {
      this.#text = null
      throw error
    }
  }
}
