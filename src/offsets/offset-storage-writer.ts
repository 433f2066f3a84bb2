import type { SourceOffset, SourcePartition } from '../api/source.ts'
import type { OffsetBackingStore } from './offset-backing-store.ts'
import { offsetKey, offsetValue } from './offset-json.ts'

/** An offset not stored yet. */
interface PendingOffset {
  readonly partition: SourcePartition
  readonly offset: SourceOffset | null
}

/**
 * Collects the offsets of one connector and writes them to the store in snapshots.
 *
 * Two states. Idle: `offset` collects. `beginFlush` takes a snapshot and enters flushing, where `offset` goes on collecting beside it.
 * `doFlush` writes the snapshot; when it resolves, the writer is idle again. When it rejects or takes too long, `cancelFlush` puts the
 * snapshot back behind what was set meanwhile and returns to idle; a write that still ends after that changes nothing here.
 * Apache Kafka 4.3, OffsetStorageWriter.
 */
export class OffsetStorageWriter {
  readonly #store: Pick<OffsetBackingStore, 'set'>
  readonly #connector: string
  /** By key text, so that one partition in two objects is one entry. */
  #pending = new Map<string, PendingOffset>()
  #flushing: Map<string, PendingOffset> | null = null

  constructor(store: Pick<OffsetBackingStore, 'set'>, connector: string) {
    this.#store = store
    this.#connector = connector
  }

  /**
   * Sets the offset of a partition for the next flush; the last one wins. Null resets the partition.
   * Nothing is checked here: a partition or offset that is no map of primitive values fails `doFlush`, each time, as in Java.
   */
  offset(partition: SourcePartition, offset: SourceOffset | null): void {
    this.#pending.set(identityOf(partition), { partition, offset })
  }

  /** True between `beginFlush` and the end of the flush. */
  get isFlushing(): boolean {
    return this.#flushing !== null
  }

  /**
   * Takes the snapshot that `doFlush` writes.
   * @returns false: there is nothing to write
   * @throws Error when a flush is under way
   */
  beginFlush(): boolean {
    if (this.#flushing !== null) throw new Error('Invalid call to OffsetStorageWriter beginFlush() while already flushing')
    if (this.#pending.size === 0) return false
    this.#flushing = this.#pending
    this.#pending = new Map()
    return true
  }

  /**
   * Writes the snapshot.
   * @returns settles when it is safe in the store
   * @throws DataException when it cannot be serialised, ConnectException when the store fails; call `cancelFlush` then
   */
  async doFlush(): Promise<void> {
    const snapshot = this.#flushing
    if (snapshot === null) return
    const entries = Array.from(snapshot.values(), ({ partition, offset }) => ({
      key: offsetKey(this.#connector, partition),
      value: offsetValue(offset),
    }))
    await this.#store.set(entries)
    if (this.#flushing === snapshot) this.#flushing = null
  }

  /** Gives the flush up and keeps its offsets for the next one. */
  cancelFlush(): void {
    if (this.#flushing === null) return
    this.#pending = new Map([...this.#flushing, ...this.#pending])
    this.#flushing = null
  }
}

/** Equal for equal partitions whatever the order of their fields. */
function identityOf(partition: SourcePartition): string {
  const fields = Object.entries(partition).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(fields.map(([name, value]) => [name, typeof value, String(value)]))
}
