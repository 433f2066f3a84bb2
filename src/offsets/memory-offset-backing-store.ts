import type { OffsetBackingStore, OffsetEntry } from './offset-backing-store.ts'
import { OffsetTable } from './offset-table.ts'

/** Offsets that end with the process. Apache Kafka 4.3, MemoryOffsetBackingStore. */
export class MemoryOffsetBackingStore implements OffsetBackingStore {
  readonly #table = new OffsetTable()

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async get(keys: readonly Buffer[]): Promise<readonly (Buffer | null)[]> {
    return keys.map((key) => this.#table.get(key))
  }

  async set(entries: readonly OffsetEntry[]): Promise<void> {
    for (const entry of entries) this.#table.put(this.#table.resolve(entry))
  }

  async entries(): Promise<readonly OffsetEntry[]> {
    return this.#table.entries()
  }
}
