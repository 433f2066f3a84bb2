import { BatchWriter } from '../../kafka/record/batch-writer.ts'
import { BufferPool } from '../../kafka/record/buffer-pool.ts'
import { RecordScanner } from '../../kafka/record/record-scanner.ts'
import { RECORDS } from '../../kafka/record/batch-format.ts'
import { BatchWalk } from '../log/batch-walk.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../log/log-config.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { JsonValue, StateKind, StateStore } from './state-store.ts'

/** The log of the broker's own state: a name that Kafka keeps from clients too. */
export const STATE_IDENTITY = { topic: '__cluster_metadata', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' } as const

/** Entries are small and all are read at the start: old ones are cleaned away soon. */
export const STATE_CONFIG: LogConfig = {
  ...DEFAULT_LOG_CONFIG,
  'cleanup.policy': ['compact'],
  'segment.bytes': 8 * 1024 * 1024,
  'delete.retention.ms': 60_000,
  'max.message.bytes': 0x7fffffff,
  'message.timestamp.after.max.ms': Number.MAX_SAFE_INTEGER,
}

const FIRST_BATCH_BYTES = 1024
/** A batch never comes near a segment's size. */
const MAX_BATCH_BYTES = 1024 * 1024

/**
 * State in a compacted log. An entry is a record: its key is the kind and the key with a slash between, its value JSON, or null when it was
 * removed. Entries set in one turn of the event loop share a batch.
 */
export class LogStateStore implements StateStore {
  readonly #log: PartitionLog
  readonly #pool = new BufferPool(MAX_BATCH_BYTES)
  #loaded: Map<string, Map<string, JsonValue>> | null = null
  readonly #owned = new Set<StateKind>()
  #batch: BatchWriter | null = null
  #written: Promise<void> = Promise.resolve()

  constructor(log: PartitionLog) {
    this.#log = log
  }

  load(kind: StateKind): Iterable<readonly [string, JsonValue]> {
    if (this.#owned.has(kind)) throw new Error(`State of kind ${kind} has an owner, who has loaded it`)
    this.#owned.add(kind)
    const loaded = (this.#loaded ??= readState(this.#log))
    const entries = loaded.get(kind) ?? new Map<string, JsonValue>()
    loaded.delete(kind)
    return entries
  }

  set(kind: StateKind, key: string, value: JsonValue): Promise<void> {
    const batch = this.#openBatch()
    batch.append(Date.now(), Buffer.from(`${kind}/${key}`), value === null ? null : Buffer.from(JSON.stringify(value)), [])
    const written = this.#written
    if (batch.sizeBytes >= MAX_BATCH_BYTES) this.#batch = null
    return written
  }

  /** Starts a batch that is appended at the end of this turn. */
  #openBatch(): BatchWriter {
    if (this.#batch !== null) return this.#batch
    const batch = new BatchWriter(this.#pool, FIRST_BATCH_BYTES)
    this.#batch = batch
    this.#written = Promise.resolve().then(() => this.#append(batch))
    return batch
  }

  async #append(batch: BatchWriter): Promise<void> {
    if (this.#batch === batch) this.#batch = null
    try {
      const { lastOffset } = this.#log.append(batch.close())
      await this.#log.whenSafe(lastOffset + 1)
    } finally {
      batch.release()
    }
  }
}

/** The last value of every key, by kind. */
function readState(log: PartitionLog): Map<string, Map<string, JsonValue>> {
  const state = new Map<string, Map<string, JsonValue>>()
  for (const { file } of log.segments.all) {
    const walk = new BatchWalk(file, 0, file.sizeBytes, MAX_BATCH_BYTES)
    while (walk.next()) readBatch(walk.bytes(), walk.batch.recordCount, state)
  }
  return state
}

function readBatch(batch: Buffer, count: number, state: Map<string, Map<string, JsonValue>>): void {
  const scanner = new RecordScanner()
  scanner.reset(batch, RECORDS)
  for (let left = count; left > 0; left--) {
    scanner.next()
    const name = batch.toString('utf8', scanner.keyStart, scanner.keyStart + scanner.keyLength)
    const slash = name.indexOf('/')
    const [kind, key] = [name.slice(0, slash), name.slice(slash + 1)]
    const entries = state.get(kind) ?? new Map<string, JsonValue>()
    state.set(kind, entries)
    if (scanner.valueLength < 0) entries.delete(key)
    else entries.set(key, JSON.parse(batch.toString('utf8', scanner.valueStart, scanner.valueStart + scanner.valueLength)) as JsonValue)
  }
}
