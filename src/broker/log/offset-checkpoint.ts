import type { LogFolder } from './storage/log-storage.ts'

const VERSION = '0'
const HEADER_LINES = 2

/** One offset for each partition in a text file as Kafka writes it: a version, a count, then `topic partition offset`. */
export class OffsetCheckpoint {
  readonly #folder: LogFolder
  readonly #name: string
  /** What the file says when the last write is through. */
  #text = ''
  #lastWrite = Promise.resolve()

  constructor(folder: LogFolder, name: string) {
    this.#folder = folder
    this.#name = name
  }

  /** By `topic-partition`. Lines that are no entries are left out: their partitions are checked from the beginning. */
  read(): Map<string, number> {
    this.#text = this.#folder.readAll(this.#name)?.toString('utf8') ?? ''
    const lines = this.#text.split('\n')
    const offsets = new Map<string, number>()
    if (lines[0] !== VERSION) return offsets
    for (const line of lines.slice(HEADER_LINES)) {
      const [topic, partition, offset] = line.split(' ')
      if (offset !== undefined && /^\d+$/.test(offset)) offsets.set(`${topic}-${partition}`, Number(offset))
    }
    return offsets
  }

  /** Resolves when the file survives a crash of the machine. Nothing is written when it says the same already. Calls take effect in their order. */
  write(entries: Iterable<readonly [topic: string, partition: number, offset: number]>): Promise<void> {
    const lines = [...entries].map((entry) => entry.join(' '))
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
      this.#text = ''
      throw error
    }
  }
}
