import type { JsonValue, StateStore } from '../state/state-store.ts'
import { OffsetTable, type OffsetEntry } from './offset-table.ts'

type StoredOffset = {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestamp: number
  readonly expireTimestamp: number | null
  readonly sequence: number
}

/** Group, topic, partition; the id of the producer if its transaction is still open. */
type Key = readonly [group: string, topic: string, partition: number, producerId?: number]

/**
 * Committed offsets, and those that wait for the end of a transaction. Memory is ahead of the state store: an offset can be read as soon as it
 * came, and whoever committed it gets an answer when it is kept. What could not be kept is taken back.
 */
export class CommittedOffsets {
  readonly #state: StateStore
  readonly #committed = new OffsetTable()
  /** By producer id. */
  readonly #pending = new Map<number, OffsetTable>()
  #sequence = 0

  constructor(state: StateStore) {
    this.#state = state
    for (const [key, value] of state.load('offset')) this.#load(JSON.parse(key) as Key, value as unknown as StoredOffset) // as #write wrote them
  }

  #load([group, topic, partition, producerId]: Key, entry: OffsetEntry): void {
    this.#sequence = Math.max(this.#sequence, entry.sequence)
    const table = producerId === undefined ? this.#committed : this.#pendingOf(producerId)
    table.set(group, topic, partition, entry)
  }

  get(group: string, topic: string, partition: number): OffsetEntry | null {
    return this.#committed.get(group, topic, partition)
  }

  topics(group: string): ReadonlyMap<string, ReadonlyMap<number, OffsetEntry>> {
    return this.#committed.topics(group)
  }

  /** Groups that have an offset, committed or pending. */
  *groups(): Iterable<string> {
    yield* this.#committed.groups()
    for (const table of this.#pending.values()) yield* table.groups()
  }

  /** @throws what the state store throws; then the offset is what it was */
  async commit(group: string, topic: string, partition: number, entry: Omit<OffsetEntry, 'sequence'>): Promise<void> {
    await this.#put(this.#committed, [group, topic, partition], { ...entry, sequence: ++this.#sequence })
  }

  /** Remembers an offset until the producer's transaction ends. @throws what the state store throws; then the offset is what it was */
  async addPending(
    producerId: number,
    group: string,
    topic: string,
    partition: number,
    entry: Omit<OffsetEntry, 'sequence'>,
  ): Promise<void> {
    await this.#put(this.#pendingOf(producerId), [group, topic, partition, producerId], { ...entry, sequence: ++this.#sequence })
  }

  async #put(table: OffsetTable, key: Key, entry: OffsetEntry): Promise<void> {
    const [group, topic, partition] = key
    const before = table.get(group, topic, partition)
    table.set(group, topic, partition, entry)
    try {
      await this.#write(key, entry)
    } catch (error) {
      if (table.get(group, topic, partition) === entry) {
        if (before === null) table.delete(group, topic, partition)
        else table.set(group, topic, partition, before)
      }
      throw error
    }
  }

  hasPending(group: string, topic: string, partition: number): boolean {
    for (const table of this.#pending.values()) if (table.get(group, topic, partition) !== null) return true
    return false
  }

  isInTransaction(group: string): boolean {
    for (const table of this.#pending.values()) if (table.topics(group).size > 0) return true
    return false
  }

  /** Groups to which a producer's open transaction commits offsets. */
  pendingGroups(producerId: number): readonly string[] {
    return [...(this.#pending.get(producerId)?.groups() ?? [])]
  }

  /**
   * A transaction ended: its offsets are committed, or dropped. May be called again after an error, or after a crash in the middle.
   * @throws what the state store throws
   */
  async completeTransaction(producerId: number, commit: boolean): Promise<void> {
    const table = this.#pending.get(producerId)
    if (table === undefined) return
    const writes: Promise<void>[] = []
    for (const group of table.groups()) {
      for (const [topic, partitions] of table.topics(group)) {
        for (const [partition, entry] of partitions) {
          if (commit) this.#materialise([group, topic, partition], entry, writes)
          writes.push(this.#write([group, topic, partition, producerId], null))
        }
      }
    }
    await Promise.all(writes)
    this.#pending.delete(producerId)
  }

  #materialise(key: Key, entry: OffsetEntry, writes: Promise<void>[]): void {
    const [group, topic, partition] = key
    const current = this.#committed.get(group, topic, partition)
    if (current !== null && current.sequence > entry.sequence) return
    this.#committed.set(group, topic, partition, entry)
    writes.push(this.#write(key, entry))
  }

  /** Forgets an offset, one that waits for a transaction too. @throws what the state store throws */
  async delete(group: string, topic: string, partition: number): Promise<void> {
    const writes: Promise<void>[] = []
    if (this.#committed.delete(group, topic, partition)) writes.push(this.#write([group, topic, partition], null))
    for (const [producerId, table] of this.#pending) {
      if (table.delete(group, topic, partition)) writes.push(this.#write([group, topic, partition, producerId], null))
    }
    await Promise.all(writes)
  }

  /** @throws what the state store throws */
  async deleteGroup(group: string): Promise<void> {
    await this.#deleteWhere(group, () => true)
  }

  /** @throws what the state store throws */
  async deleteTopic(topic: string): Promise<void> {
    await Promise.all([...new Set(this.groups())].map((group) => this.#deleteWhere(group, (other) => other === topic)))
  }

  async #deleteWhere(group: string, isDeleted: (topic: string) => boolean): Promise<void> {
    const tables = [this.#committed, ...this.#pending.values()]
    const found = tables.flatMap((table) =>
      [...table.topics(group)]
        .filter(([topic]) => isDeleted(topic))
        .flatMap(([topic, partitions]) => [...partitions.keys()].map((p) => ({ topic, p }))),
    )
    await Promise.all(found.map(({ topic, p }) => this.delete(group, topic, p)))
  }

  #pendingOf(producerId: number): OffsetTable {
    let table = this.#pending.get(producerId)
    if (table === undefined) this.#pending.set(producerId, (table = new OffsetTable()))
    return table
  }

  #write(key: Key, entry: OffsetEntry | null): Promise<void> {
    const value: StoredOffset | null = entry
    return this.#state.set('offset', JSON.stringify(key), value satisfies JsonValue)
  }
}
