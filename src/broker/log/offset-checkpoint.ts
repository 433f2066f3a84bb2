import { CheckpointFile } from './checkpoint-file.ts'
import type { LogFolder } from './storage/log-storage.ts'

/** One offset for each partition, in a file of lines `topic partition offset`. */
export class OffsetCheckpoint {
  readonly #file: CheckpointFile

  constructor(folder: LogFolder, name: string) {
    this.#file = new CheckpointFile(folder, name)
  }

  /** By `topic-partition`. Lines that are no entries are left out: their partitions are checked from the beginning. */
  read(): Map<string, number> {
    const offsets = new Map<string, number>()
    for (const [topic, partition, offset] of this.#file.read())
      if (offset !== undefined && /^\d+$/.test(offset)) offsets.set(`${topic}-${partition}`, Number(offset))
    return offsets
  }

  /** Resolves when the file survives a crash of the machine. Calls take effect in their order. */
  write(entries: Iterable<readonly [topic: string, partition: number, offset: number]>): Promise<void> {
    return this.#file.write(entries)
  }
}
