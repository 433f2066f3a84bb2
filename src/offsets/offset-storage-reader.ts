import type { Logger } from '../api/logger.ts'
import type { OffsetStorageReader, SourceOffset, SourcePartition } from '../api/source.ts'
import type { OffsetBackingStore } from './offset-backing-store.ts'
import { offsetKey, parseOffsetKey, parseOffsetValue } from './offset-json.ts'

/** One connector's view of a store. Apache Kafka 4.3, OffsetStorageReaderImpl. */
export class StoreOffsetStorageReader implements OffsetStorageReader {
  readonly #store: OffsetBackingStore
  readonly #connector: string
  readonly #log: Logger

  constructor(store: OffsetBackingStore, connector: string, log: Logger) {
    this.#store = store
    this.#connector = connector
    this.#log = log
  }

  async offset(partition: SourcePartition): Promise<SourceOffset | null> {
    const [offset] = await this.offsets([partition])
    return offset ?? null
  }

  async offsets(partitions: readonly SourcePartition[]): Promise<readonly (SourceOffset | null)[]> {
    const values = await this.#store.get(partitions.map((partition) => offsetKey(this.#connector, partition)))
    return values.map((value) => this.#parse(value))
  }

  /** As Java: an unreadable offset counts as none. The task starts over, which repeats records and loses none. */
  #parse(value: Buffer | null): SourceOffset | null {
    if (value === null) return null
    try {
      return parseOffsetValue(value)
    } catch (error) {
      this.#log.error(
        `CRITICAL: Failed to deserialize offset data when getting offsets for task with namespace ${this.#connector}. No value for this data will be returned: the task starts over there`,
        error,
      )
      return null
    }
  }
}

/**
 * Partitions that have an offset of a connector: what the REST API lists. Resets, and entries whose key is not Connect's, are left out.
 * Apache Kafka 4.3, OffsetBackingStore#connectorPartitions.
 */
export async function connectorPartitions(store: OffsetBackingStore, connector: string): Promise<SourcePartition[]> {
  const partitions: SourcePartition[] = []
  for (const { key, value } of await store.entries()) {
    const parsed = value === null ? null : parseOffsetKey(key)
    if (parsed?.connector === connector) partitions.push(parsed.partition)
  }
  return partitions
}
