/** One stored offset as bytes. Never changed in place; readers must not write into the buffers. */
export interface OffsetEntry {
  /**
   * Connect's compact JSON `["CONNECTOR",{partition}]`. Null only where a Java file holds a null key: nothing can ask for
   * it, but it is kept and written back.
   */
  readonly key: Buffer | null
  /** Connect's compact JSON object; null: the offset was reset. */
  readonly value: Buffer | null
}

/**
 * Where source offsets survive. One per worker, shared by all its tasks; calls may overlap.
 * Apache Kafka 4.3, OffsetBackingStore.
 */
export interface OffsetBackingStore {
  /**
   * Called once before anything else.
   * @throws ConnectException when the store cannot be read or is in use: the worker must not start, since it would start all sources over
   */
  start(): Promise<void>
  /** Ends after the writes that are under way. Called also after a `start` that failed. */
  stop(): Promise<void>
  /**
   * Values in the order of the keys; null where there is none or it was reset. A key finds the entry with the same bytes, else
   * the entry of the same partition with its fields in another order (Java writes them in hash order).
   */
  get(keys: readonly Buffer[]): Promise<readonly (Buffer | null)[]>
  /**
   * Writes all entries or none. Where `get` would find an entry under other key bytes, those bytes are kept, so that Java finds it too.
   * @returns settles when the entries are safe: a crash right after cannot lose them
   * @throws ConnectException when they are not safe; the caller keeps them and tries again
   */
  set(entries: readonly OffsetEntry[]): Promise<void>
  /** Everything stored, resets included, for lists and exports. */
  entries(): Promise<readonly OffsetEntry[]>
}
