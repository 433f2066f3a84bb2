/** What the broker remembers beside records; each kind has keys of its own. */
export type StateKind = 'broker' | 'producer-ids' | 'topic' | 'group' | 'offset' | 'transaction'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/**
 * Topics, groups, committed offsets and transactions, kept through restarts. Whoever owns a kind keeps it in memory, reads it once with
 * `load` and writes what changed.
 */
export interface StateStore {
  /** Everything of a kind as it was at the start, for its owner, when the broker starts. @throws Error the second time a kind is asked for */
  load(kind: StateKind): Iterable<readonly [key: string, value: JsonValue]>
  /**
   * Writes one entry; null removes it. Entries of one store are kept in the order of the calls: after a crash either all up to some call are
   * there or none behind it. Resolves when the entry is as safe as the flush policy asks. Rejects when it cannot be written (disk full).
   */
  set(kind: StateKind, key: string, value: JsonValue): Promise<void>
}
