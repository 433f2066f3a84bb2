import type { OffsetEntry } from './offset-backing-store.ts'
import { canonicalOffsetKey } from './offset-json.ts'

/**
 * The content of a store in memory, found by key bytes or, failing that, by the partition they name.
 * Memory, file and topic stores differ only in where they write.
 */
export class OffsetTable {
  /** By key bytes as Latin-1 text; null: the null key of a Java file. */
  readonly #entries = new Map<string | null, OffsetEntry>()
  /** From the canonical form of a key to the bytes it is stored under. */
  readonly #aliases = new Map<string, string>()
  #bytes = 0

  get size(): number {
    return this.#entries.size
  }

  /** Bytes of all keys and values. */
  get bytes(): number {
    return this.#bytes
  }

  get(key: Buffer): Buffer | null {
    return this.#find(key)?.value ?? null
  }

  /** The entry with the key bytes it is to be stored under: those of the entry it replaces, if there is one. */
  resolve(entry: OffsetEntry): OffsetEntry {
    const known = entry.key === null ? undefined : this.#find(entry.key)
    return known === undefined ? entry : { key: known.key, value: entry.value }
  }

  /** Takes in an entry under exactly its key. */
  put(entry: OffsetEntry): void {
    const id = idOf(entry.key)
    this.#bytes += sizeOf(entry) - sizeOf(this.#entries.get(id))
    this.#entries.set(id, entry)
    if (entry.key === null || id === null) return
    const canonical = canonicalOffsetKey(entry.key)
    if (canonical !== null) this.#aliases.set(canonical, id)
  }

  /** Forgets an entry; a reset in a topic leaves nothing behind. */
  delete(key: Buffer): void {
    const id = idOf(key)
    this.#bytes -= sizeOf(this.#entries.get(id))
    this.#entries.delete(id)
  }

  entries(): OffsetEntry[] {
    return [...this.#entries.values()]
  }

  #find(key: Buffer): OffsetEntry | undefined {
    const exact = this.#entries.get(idOf(key))
    if (exact !== undefined) return exact
    const canonical = canonicalOffsetKey(key)
    const alias = canonical === null ? undefined : this.#aliases.get(canonical)
    return alias === undefined ? undefined : this.#entries.get(alias)
  }
}

function idOf(key: Buffer | null): string | null {
  return key === null ? null : key.toString('latin1')
}

function sizeOf(entry: OffsetEntry | undefined): number {
  return (entry?.key?.length ?? 0) + (entry?.value?.length ?? 0)
}
