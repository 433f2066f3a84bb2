import { RetriableException, type Logger, type SinkRecord, type TopicPartition, type TopicPartitionOffset } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import { SqlException } from '../../dialect/sql-exception.ts'
import type { BatchBuilder } from './batch-builder.ts'
import type { BatchQueue } from './batch-queue.ts'
import type { OffsetLedger } from './offset-ledger.ts'
import type { OutageClock } from './outage-clock.ts'
import type { RecordPlanner } from './record-planner.ts'
import type { RefusedRecords } from './refused-records.ts'
import type { Session } from './session.ts'
import type { WriteBatch } from './write-batch.ts'
import { committableOffsets, lowestOffsets, partitionId } from './written-offsets.ts'

/** Characters of rows that may wait while a batch is written. */
const mostPendingLength = 32 * 1024 * 1024

export interface SinkWriterParts {
  readonly session: Session
  readonly builder: BatchBuilder
  readonly planner: RecordPlanner
  readonly refused: RefusedRecords
  readonly clock: OutageClock
  /** Null: offsets are Kafka's alone. */
  readonly ledger: OffsetLedger | null
  /** Records that may wait while a batch is written. */
  readonly mostPending: number
  /** See SinkTaskContext. */
  readonly askToBeCalledIn: (ms: number) => void
  /** See SinkTaskContext: reading goes on from there. */
  readonly seek: (offsets: readonly TopicPartitionOffset[]) => void
  readonly log: Logger
}

/**
 * Takes a task's records. While one batch is written the next comes together: batches are as large as the database is slow, up to
 * `batch.size`, and as small as records are rare. What is taken is kept until it is written or reported.
 */
export class SinkWriter {
  readonly #parts: SinkWriterParts
  readonly #queue: BatchQueue
  #pending: WriteBatch
  /** The database was out when tables were looked at; null: it was not. */
  #planningOutage: SqlException | null = null

  /** @param queueOf makes the queue, which asks for the next batch by the function given */
  constructor(parts: SinkWriterParts, queueOf: (next: () => WriteBatch | null) => BatchQueue) {
    this.#parts = parts
    this.#pending = parts.builder.newBatch()
    this.#queue = queueOf(() => this.#takePending())
  }

  get isBusy(): boolean {
    return !this.#queue.isIdle
  }

  /** @throws RetriableException when the database is out: nothing is taken @throws what fails the task */
  async put(records: readonly SinkRecord[]): Promise<void> {
    await this.#mustBeWell()
    const taken = this.#parts.ledger === null ? records : await this.#owned(records, this.#parts.ledger)
    if (taken.length === 0) return
    await this.#plan(taken)
    this.#append(taken)
    this.#queue.start()
    while (this.#isFull() && this.isBusy) await this.#queue.turn()
    this.#mustNotHaveFailed()
  }

  /** Writes everything taken, unless the database is out, and makes reports safe. @throws what fails the task */
  async drain(): Promise<void> {
    this.#queue.start()
    await this.#queue.idle()
    await this.#parts.refused.safe()
  }

  /** Offsets below everything that is not settled. */
  committable(current: readonly TopicPartitionOffset[]): TopicPartitionOffset[] {
    return committableOffsets(current, lowestOffsets([...this.#queue.unsettled(), this.#pending.records]))
  }

  /** These partitions are somebody else's: what is not written of them is theirs to write. The queue is idle. */
  forget(partitions: readonly TopicPartition[]): void {
    const gone = new Set(partitions.map(({ topic, partition }) => partitionId(topic, partition)))
    const isGone = ({ originalTopic, originalKafkaPartition }: SinkRecord) => gone.has(partitionId(originalTopic, originalKafkaPartition))
    this.#parts.ledger?.release(partitions)
    this.#queue.forget(isGone)
    const left = this.#pending.records.filter((record) => !isGone(record))
    if (left.length === this.#pending.records.length) return
    this.#pending = this.#parts.builder.newBatch()
    if (left.length > 0) this.#append(left)
  }

  #isFull(): boolean {
    return this.#pending.records.length >= this.#parts.mostPending || this.#pending.length >= mostPendingLength
  }

  #mustNotHaveFailed(): void {
    const { failure } = this.#queue
    if (failure !== null) throw failure
  }

  /** Tries again what an outage kept from being written, when it is time. */
  async #mustBeWell(): Promise<void> {
    const { clock } = this.#parts
    this.#mustNotHaveFailed()
    const outage = this.#queue.outage ?? this.#planningOutage
    if (outage !== null && !clock.isTimeToTry(outage)) throw this.#outage(outage)
    if (this.#queue.outage !== null) {
      this.#queue.resume()
      await this.#queue.turn()
      this.#mustNotHaveFailed()
      if (this.#queue.outage !== null) throw this.#outage(this.#queue.outage)
    }
    if (this.#planningOutage === null) clock.over()
  }

  /** @throws RetriableException, or ConnectException when there were too many */
  #outage(exception: SqlException): Error {
    const { clock, askToBeCalledIn } = this.#parts
    const waitMs = clock.noted(exception)
    askToBeCalledIn(waitMs)
    return new RetriableException(`The database cannot be written to just now: ${exception.message} (SQLSTATE ${exception.sqlState})`, {
      cause: exception,
    })
  }

  /** Looks at tables, with the connection to itself. */
  async #plan(records: readonly SinkRecord[]): Promise<void> {
    const { builder, planner } = this.#parts
    planner.beginRound()
    if (this.#planningOutage === null && builder.arePlanned(records)) return
    await this.#alone((connection) => builder.plan(connection, records))
  }

  /**
   * The records that are not in the database yet. Of a partition that is new to the task, or comes back, the database knows where to go
   * on. Where Kafka is behind, records are left out until then, so that their offsets are committed; where it is ahead, reading goes back.
   */
  async #owned(records: readonly SinkRecord[], ledger: OffsetLedger): Promise<readonly SinkRecord[]> {
    const unclaimed = ledger.unclaimed(records)
    if (unclaimed.length === 0) return records.filter((record) => !ledger.isOld(record))
    const known = await this.#alone((connection) => ledger.claim(connection, unclaimed))
    const first = lowestOffsets([records])
    const missed = known.filter(({ topic, partition, offset }) => offset < (first.get(partitionId(topic, partition)) ?? offset))
    if (missed.length > 0) this.#parts.seek(missed)
    const sought = new Set(missed.map(({ topic, partition }) => partitionId(topic, partition)))
    return records.filter(
      (record) => !sought.has(partitionId(record.originalTopic, record.originalKafkaPartition)) && !ledger.isOld(record),
    )
  }

  /** Runs statements outside of all batches. */
  async #alone<T>(statements: (connection: PgConnection) => Promise<T>): Promise<T> {
    const { session, clock } = this.#parts
    this.#queue.start()
    await this.#queue.idle()
    await this.#mustBeWell()
    try {
      const result = await statements(await session.connection())
      session.used()
      this.#planningOutage = null
      clock.over()
      return result
    } catch (error) {
      if (!(error instanceof SqlException) || error.kind !== 'system') throw error
      session.drop()
      this.#planningOutage = error
      throw this.#outage(error)
    }
  }

  #append(records: readonly SinkRecord[]): void {
    try {
      this.#parts.builder.append(this.#pending, records)
    } catch (error) {
      this.#queue.failure ??= error instanceof Error ? error : new Error(String(error))
      this.#pending = this.#parts.builder.newBatch()
      throw error
    }
  }

  #takePending(): WriteBatch | null {
    const batch = this.#pending
    if (batch.records.length === 0) return null
    this.#pending = this.#parts.builder.newBatch()
    return batch
  }
}
