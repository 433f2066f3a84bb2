/** A committed offset, and what was committed with it. */
export interface OffsetEntry {
  readonly offset: number
  /** -1: unknown */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestamp: number
  /** From clients that name a retention of their own (OffsetCommit 2–4); null: the broker's. */
  readonly expireTimestamp: number | null
  /** Commits are numbered in the order in which they came: what a transaction commits must not undo a later commit. */
  readonly sequence: number
}

type Partitions = Map<number, OffsetEntry>
type Topics = Map<string, Partitions>

/** Offsets by group, topic and partition. */
export class OffsetTable {
  readonly #groups = new Map<string, Topics>()

  get(group: string, topic: string, partition: number): OffsetEntry | null {
    return this.#groups.get(group)?.get(topic)?.get(partition) ?? null
  }

  set(group: string, topic: string, partition: number, entry: OffsetEntry): void {
    let topics = this.#groups.get(group)
    if (topics === undefined) this.#groups.set(group, (topics = new Map<string, Partitions>()))
    let partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, (partitions = new Map<number, OffsetEntry>()))
    partitions.set(partition, entry)
  }

  /** @returns whether it was there */
  delete(group: string, topic: string, partition: number): boolean {
    const topics = this.#groups.get(group)
    const partitions = topics?.get(topic)
    if (topics === undefined || partitions === undefined || !partitions.delete(partition)) return false
    if (partitions.size === 0) topics.delete(topic)
    if (topics.size === 0) this.#groups.delete(group)
    return true
  }

  groups(): Iterable<string> {
    return this.#groups.keys()
  }

  /** Offsets of a group by topic; none: an empty map. */
  topics(group: string): ReadonlyMap<string, ReadonlyMap<number, OffsetEntry>> {
    return this.#groups.get(group) ?? NO_TOPICS
  }
}

const NO_TOPICS: Topics = new Map()
