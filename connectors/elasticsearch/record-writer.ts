import {
  ConnectException,
  DataException,
  RetriableException,
  type SinkRecord,
  type SinkTaskContext,
  type TopicPartition,
  type TopicPartitionOffset,
} from 'standpipe/api'
import { LowestOffsets } from './bulk/lowest-offsets.ts'
import type { BulkSettings } from './config/settings.ts'
import type { OperationFactory } from './document/operation-factory.ts'
import { InvalidRecordException } from './invalid-record-exception.ts'
import type { TaskParts } from './task-parts.ts'

/** How long there may be no room before the caller is asked to come again, with reading paused meanwhile. */
const roomWaitMs = 5000
/** The same while the server is in trouble: a single refusal passes sooner. */
const roomWaitInTroubleMs = 1000
const never = new AbortController().signal

export interface RecordWriterParts extends TaskParts {
  readonly factory: OperationFactory
  readonly settings: BulkSettings
  /** Whether records that cannot become documents are left out. */
  readonly dropsInvalid: boolean
  readonly context: SinkTaskContext
}

/** Takes a task's records on their way to the server, and knows which offsets are behind it. */
export class RecordWriter {
  readonly #parts: RecordWriterParts
  /** Where each partition began: nothing is committed before there is progress. */
  readonly #begun = new LowestOffsets()
  /** The record that failed the task, and those behind it: nothing is committed from there on. */
  readonly #notTaken = new LowestOffsets()
  #reports: Promise<void>[] = []
  /** One for all: tombstones may be many, and to make an error's stack takes longer than all else that is done for them. */
  #nullValued: ConnectException | null = null

  constructor(parts: RecordWriterParts) {
    this.#parts = parts
  }

  /** @throws the failure that ended all writing */
  throwIfFailed(): void {
    const { failure } = this.#parts.writer
    if (failure !== null) throw failure
  }

  /** Whether something is not settled yet. */
  get isBusy(): boolean {
    return !this.#parts.writer.isEmpty
  }

  /**
   * Takes the records over; the requests go on by themselves.
   * @throws RetriableException before any record is taken: there is no room, or the server cannot make an index just now
   * @throws ConnectException when the task has to fail; the records before the one that did it are taken
   */
  async write(records: readonly SinkRecord[]): Promise<void> {
    await this.#room()
    let taken = 0
    try {
      const unmappable = await this.#prepare(records)
      for (const record of records) {
        note(this.#begun, record)
        this.#take(record, unmappable)
        taken++
      }
    } catch (error) {
      if (!(error instanceof RetriableException)) this.#keepFrom(records, taken)
      throw error
    } finally {
      this.#parts.writer.settleIn()
    }
    await this.#reported()
  }

  /** Sends what there is. */
  flush(): void {
    this.#parts.writer.flush()
  }

  /**
   * Sends what there is and waits for the answers; a server in trouble is not waited for.
   * @returns false: the time is over
   */
  async drain(timeoutMs: number): Promise<boolean> {
    const { writer, delivery } = this.#parts
    writer.flush()
    delivery.giveUp()
    return await writer.until(() => writer.isIdle, timeoutMs, never)
  }

  /** Sends what there is and waits until everything is settled. @returns false: not in time, or never */
  async complete(timeoutMs: number): Promise<boolean> {
    const { writer, context } = this.#parts
    writer.flush()
    await writer.until(() => writer.isEmpty, timeoutMs, context.signal)
    return writer.isEmpty && writer.failure === null
  }

  /** Waits for the records of these partitions, unless the server is in trouble, and forgets what is left of them. */
  async release(partitions: readonly TopicPartition[], timeoutMs: number): Promise<void> {
    const { writer, delivery, context } = this.#parts
    writer.flush()
    const isWritten = () => delivery.trouble !== null || partitions.every((partition) => writer.lowestPending(partition) === null)
    await writer.until(isWritten, timeoutMs, context.signal)
    writer.drop(partitions)
    for (const partition of partitions) this.#begun.forget(partition)
  }

  /** Of these offsets, those up to which everything is settled; partitions without progress are left out. */
  committable(current: readonly TopicPartitionOffset[]): TopicPartitionOffset[] {
    const committable: TopicPartitionOffset[] = []
    for (const { topic, partition, offset } of current) {
      const own = { topic, partition }
      const next = Math.min(offset, this.#parts.writer.lowestPending(own) ?? offset, this.#notTaken.of(own) ?? offset)
      const begun = this.#begun.of(own)
      if (begun === null || next > begun) committable.push({ topic, partition, offset: next })
    }
    return committable
  }

  /** Ends everything. @throws nothing that matters: what is not written is read again */
  async close(): Promise<void> {
    const { writer, delivery, client } = this.#parts
    writer.close()
    delivery.abort()
    await client.close()
  }

  async #room(): Promise<void> {
    const { writer, delivery, context } = this.#parts
    if (!writer.isFull) return
    await writer.until(() => !writer.isFull, delivery.trouble === null ? roomWaitMs : roomWaitInTroubleMs, context.signal)
    this.throwIfFailed()
    if (!writer.isFull) return
    throw new RetriableException(
      delivery.trouble ?? 'Elasticsearch takes records more slowly than they come, and as many wait as max.buffered.records allows',
    )
  }

  /** Makes sure that all indices are there. @returns records that no mapping can be made from, and why; null: none */
  async #prepare(records: readonly SinkRecord[]): Promise<Map<SinkRecord, DataException> | null> {
    const { factory, resources } = this.#parts
    let unmappable: Map<SinkRecord, DataException> | null = null
    for (const record of records) {
      const { target } = factory.routeOf(record.topic)
      const needsMapping = !resources.isReady(target.name, true) && factory.needsMapping(record)
      if (resources.isReady(target.name, needsMapping) || factory.isIgnored(record)) continue
      try {
        await resources.prepare(target, needsMapping ? record.valueSchema : undefined)
      } catch (error) {
        if (!(error instanceof DataException)) throw error
        unmappable ??= new Map()
        unmappable.set(record, error)
      }
    }
    return unmappable
  }

  #keepFrom(records: readonly SinkRecord[], index: number): void {
    for (const record of records.slice(index)) {
      note(this.#begun, record)
      note(this.#notTaken, record)
    }
  }

  #take(record: SinkRecord, unmappable: ReadonlyMap<SinkRecord, DataException> | null): void {
    const { factory, writer } = this.#parts
    if (factory.isIgnored(record)) {
      this.#report(record, (this.#nullValued ??= new ConnectException('Cannot write null valued record.')))
      return
    }
    const reason = unmappable?.get(record)
    if (reason !== undefined) {
      this.#invalid(record, reason)
      return
    }
    try {
      const operation = factory.operationOf(record)
      if (operation !== null) writer.add(operation)
    } catch (error) {
      if (!(error instanceof DataException)) throw error
      this.#invalid(record, error)
    }
  }

  #invalid(record: SinkRecord, error: DataException): void {
    this.#report(record, error)
    if (!this.#parts.dropsInvalid) throw new InvalidRecordException(error.message)
  }

  #report(record: SinkRecord, error: Error): void {
    const report = this.#parts.context.errantRecordReporter?.report(record, error)
    if (report === undefined) return
    // Awaited at the end of this put; a failure before that is no unhandled rejection.
    report.catch(() => undefined)
    this.#reports.push(report)
  }

  async #reported(): Promise<void> {
    const reports = this.#reports
    this.#reports = []
    if (reports.length > 0) await Promise.all(reports)
  }
}

function note(offsets: LowestOffsets, { originalTopic, originalKafkaPartition, originalKafkaOffset }: SinkRecord): void {
  offsets.note(originalTopic, originalKafkaPartition, originalKafkaOffset)
}
