import type { LogFolder } from './storage/log-storage.ts'

const VERSION = '0'
const HEADER_LINES = 2

/** One offset for each partition in a text file as Kafka writes it: a version, a count, then `topic partition offset`. */
export class OffsetCheckpoint {
  readonly #folder: LogFolder
  readonly #name: string
  #written = ''

  constructor(folder: LogFolder, name: string) {
    this.#folder = folder
    this.#name = name
  }

  /** By `topic-partition`. Lines that are no entries are left out: their partitions are checked from the beginning. */
  read(): Map<string, number> {
    const lines = this.#folder.readAll(this.#name)?.toString('utf8').split('\n') ?? []
    const offsets = new Map<string, number>()
    if (lines[0] !== VERSION) return offsets
    for (const line of lines.slice(HEADER_LINES)) {
      const [topic, partition, offset] = line.split(' ')
      if (offset !== undefined && /^\d+$/.test(offset)) offsets.set(`${topic}-${partition}`, Number(offset))
    }
    return offsets
  }

  /** Resolves when the file survives a crash of the machine. Nothing happens when it says the same already. */
  async write(entries: Iterable<readonly [topic: string, partition: number, offset: number]>): Promise<void> {
    const lines = [...entries].map((entry) => entry.join(' '))
    const text = [VERSION, lines.length, ...lines, ''].join('\n')
    if (text === this.#written) return
    await this.#folder.replace(this.#name, Buffer.from(text))
    this.#written = text
  }
}
