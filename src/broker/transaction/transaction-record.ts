import type { JsonValue } from '../state/state-store.ts'

/**
 * Where a transactional id stands.
 * Empty: its producer has begun no transaction yet. Ongoing: partitions or groups were added. PrepareCommit, PrepareAbort: the end is decided
 * and kept; markers are being written, also after a crash. CompleteCommit, CompleteAbort: all of them are written.
 */
export type TransactionState = 'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort'

export const TRANSACTION_STATES: ReadonlySet<string> = new Set<TransactionState>([
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
])

/** What is kept of a transactional id. Never changed: each step makes a new one, which holds when it is written. */
export interface TransactionRecord {
  readonly producerId: number
  /** The id before the epochs of this one were used up; -1: none. */
  readonly previousProducerId: number
  /** -1: no producer was given it yet. */
  readonly producerEpoch: number
  /** The epoch whose producer asked for the present one; -1: a new producer did. */
  readonly lastProducerEpoch: number
  readonly timeoutMs: number
  readonly state: TransactionState
  /** Partitions that the ongoing transaction may write to, by topic. */
  readonly partitions: ReadonlyMap<string, ReadonlySet<number>>
  /** Groups whose offsets the ongoing transaction may commit. */
  readonly groups: ReadonlySet<string>
  /** When the ongoing transaction began, -1: none did. Milliseconds since 1970. */
  readonly startTimestamp: number
  readonly lastUpdateTimestamp: number
}

const NO_PARTITIONS: TransactionRecord['partitions'] = new Map()
const NO_GROUPS: TransactionRecord['groups'] = new Set()

/** What every record has when no transaction is under way. */
export const NOTHING_ADDED = { partitions: NO_PARTITIONS, groups: NO_GROUPS, startTimestamp: -1 } as const

/** A transactional id that nobody used before. */
export function newTransactionRecord(producerId: number, timeoutMs: number, now: number): TransactionRecord {
  return {
    producerId,
    previousProducerId: -1,
    producerEpoch: -1,
    lastProducerEpoch: -1,
    timeoutMs,
    state: 'Empty',
    ...NOTHING_ADDED,
    lastUpdateTimestamp: now,
  }
}

export function toJson({ partitions, groups, ...rest }: TransactionRecord): JsonValue {
  return { ...rest, partitions: [...partitions].map(([topic, indexes]) => [topic, [...indexes]]), groups: [...groups] }
}

/** Reads what `toJson` wrote. */
export function fromJson(value: JsonValue): TransactionRecord {
  const { partitions, groups, ...rest } = value as unknown as StoredRecord // nobody else writes this kind of state
  return { ...rest, partitions: new Map(partitions.map(([topic, indexes]) => [topic, new Set(indexes)])), groups: new Set(groups) }
}

type StoredRecord = Omit<TransactionRecord, 'partitions' | 'groups'> & {
  readonly partitions: readonly (readonly [topic: string, indexes: readonly number[]])[]
  readonly groups: readonly string[]
}
