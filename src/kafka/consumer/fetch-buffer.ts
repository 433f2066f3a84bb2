import { asKafkaError, KafkaError } from '../errors.ts'
import type { PartitionRecords } from '../ports.ts'
import type { PartitionCursor } from '../record/partition-cursor.ts'
import type { PartitionState } from './subscription-state.ts'

/** What was fetched and waits for poll: partitions take turns, each with one run of records. */
export class FetchBuffer {
  /** Partitions with something buffered, in the order poll serves them. Paused ones stay; dropped ones go when their turn comes. */
  readonly #ready: PartitionState[] = []
  readonly #onDrained: () => void
  #error: KafkaError | null = null

  /** @param onDrained an answer's part was handed out completely: there is room for another */
  constructor(onDrained: () => void) {
    this.#onDrained = onDrained
  }

  /** The partition has got its first or another buffer. */
  add(state: PartitionState): void {
    if (state.isReady) return
    state.isReady = true
    this.#ready.push(state)
  }

  /** The next `take` throws it, once. Of several the first counts. */
  fail(error: KafkaError): void {
    this.#error ??= error
  }

  /**
   * The next records, at most `max`, one run a partition.
   * @returns null when nothing is buffered; an empty array when only positions moved (past transaction markers, compacted batches)
   * @throws KafkaError that a broker answered, or that a batch cannot be read; the others' records come with the next call
   */
  take(max: number): readonly PartitionRecords[] | null {
    this.#throwError()
    const runs: PartitionRecords[] = []
    let left = max
    let hasMoved = false
    for (let count = this.#ready.length; count > 0 && left > 0 && this.#error === null; count--) {
      const state = this.#ready.shift()
      const records = state === undefined ? null : this.#takeFrom(state, left)
      if (state === undefined || records === null) continue
      hasMoved = true
      left -= records.length
      if (records.length > 0) runs.push({ topic: state.topic, partition: state.partition, records })
    }
    // what other partitions gave in this poll is handed out first
    if (runs.length === 0) this.#throwError()
    return hasMoved ? runs : null
  }

  /** @returns null when the partition has nothing for now */
  #takeFrom(state: PartitionState, max: number): PartitionRecords['records'] | null {
    const buffer = state.buffered[0]
    try {
      if (buffer === undefined || state.paused) return null
      const records = buffer.cursor.take(max)
      state.position = buffer.cursor.nextOffset
      if (isDrained(buffer.cursor)) this.#dropFirst(state)
      return records
    } catch (error) {
      // a damaged batch: said at every turn of the partition, until the position is moved past it
      this.fail(asKafkaError(error))
      return null
    } finally {
      if (state.buffered.length > 0) this.#ready.push(state)
      else state.isReady = false
    }
  }

  #dropFirst(state: PartitionState): void {
    state.buffered.shift()?.handedOut()
    this.#onDrained()
  }

  #throwError(): void {
    const error = this.#error
    this.#error = null
    if (error !== null) throw error
  }
}

/** A damaged batch behind the records just taken is the next call's error. */
function isDrained(cursor: PartitionCursor): boolean {
  try {
    return cursor.isDrained
  } catch (error) {
    if (error instanceof KafkaError) return false
    throw error
  }
}
