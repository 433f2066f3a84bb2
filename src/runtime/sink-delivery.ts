import { ConnectException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { SinkRecord, SinkTask } from '../api/sink.ts'
import type { TopicPartition } from '../kafka/ports.ts'
import { faultKindOf } from './errors/fault-kind.ts'
import type { RetryWithToleranceOperator } from './errors/retry-with-tolerance-operator.ts'
import { consumedBytesOf, sinkTaskClass, type PutReports, type WorkerErrantRecordReporter } from './errors/worker-errant-record-reporter.ts'
import { PartitionMap } from './partition-map.ts'
import type { RecordConverters } from './record-converters.ts'
import type { SinkOffsets } from './sink-offsets.ts'
import type { SinkPauses } from './sink-pauses.ts'
import type { SinkTaskMetrics } from './sink-task-metrics.ts'

export interface SinkDeliveryParts {
  readonly task: SinkTask
  readonly offsets: SinkOffsets
  readonly pauses: SinkPauses
  readonly operator: RetryWithToleranceOperator
  readonly errantRecordReporter: WorkerErrantRecordReporter | null
  readonly converters: RecordConverters
  /** `errors.put.bisect` */
  readonly bisects: boolean
  readonly metrics: SinkTaskMetrics
  readonly log: Logger
}

/**
 * The batch that `put` has not taken yet, and one `put` at a time.
 *
 * Usually a `put` takes the whole batch. After a system fault the batch is kept for the next call. After a record fault the search for
 * the culprit begins: `#suspects`, the number of leading records of which at least one is refused, is halved by each further put, from
 * left to right, so that order is kept and the batch shrinks as parts of it are taken: log₂ n puts find the first culprit, it is given
 * up, and what is behind it is put as a whole again. In between the loop goes on with all partitions paused: it polls, commits what is
 * delivered, follows rebalances, and may stop at any time.
 */
export class SinkDelivery {
  readonly #parts: SinkDeliveryParts
  /** In the order they were consumed in. */
  #batch: SinkRecord[] = []
  /** So many of the first were refused together; 0: nothing is known. */
  #suspects = 0

  constructor(parts: SinkDeliveryParts) {
    this.#parts = parts
  }

  /** Records that wait for `put`. */
  get size(): number {
    return this.#batch.length
  }

  get isPending(): boolean {
    return this.#batch.length > 0
  }

  add(record: SinkRecord): void {
    this.#batch.push(record)
  }

  /**
   * Called after each poll, also with an empty batch: the task may do timed work.
   * @returns the system fault that kept the task from taking the records; null: it took them, or refused them for good
   * @throws what fails the task
   */
  async put(): Promise<Error | null> {
    const { task, metrics, operator, errantRecordReporter } = this.#parts
    const records = this.#nextRecords()
    let fault: unknown = null
    errantRecordReporter?.beginPut()
    try {
      const putting = task.put(records)
      if (putting !== undefined) await putting
    } catch (error) {
      fault = error ?? new ConnectException(`put() threw ${String(error)}`)
    }
    const { reported, outage, intolerable } = errantRecordReporter?.endPut() ?? noReports
    if (intolerable !== null) {
      await operator.reportsSafe()
      throw intolerable
    }
    fault ??= outage
    if (fault !== null) return this.#refused(records, fault, reported)
    metrics.sent(records.length)
    this.#taken(records.length)
    return null
  }

  /** These partitions are not ours any more, or are read from elsewhere. */
  forget(partitions: readonly TopicPartition[]): void {
    const gone = new PartitionMap<true>()
    for (const { topic, partition } of partitions) gone.set(topic, partition, true)
    this.#keep(({ originalTopic: topic, originalKafkaPartition: partition }) => !gone.has({ topic, partition }))
    this.#parts.pauses.hold('records kept', this.isPending)
  }

  #nextRecords(): readonly SinkRecord[] {
    return this.#suspects === 0 ? this.#batch : this.#batch.slice(0, Math.ceil(this.#suspects / 2))
  }

  #taken(count: number): void {
    this.#batch = count === this.#batch.length ? [] : this.#batch.slice(count)
    this.#suspects = Math.max(0, this.#suspects - count)
    this.#changed()
  }

  /** @returns the fault when the same is to be put again later @throws what fails the task */
  async #refused(records: readonly SinkRecord[], fault: unknown, reported: readonly SinkRecord[]): Promise<Error | null> {
    // the task named these itself: they are safe with the reporters and not put again
    const named = reported.length > 0 && this.#drop(reported)
    this.#changed()
    const kind = faultKindOf(fault)
    if (kind === 'system' && fault instanceof Error) return fault
    if (kind === 'bug' || !this.#parts.bisects || records.length === 0) throw unrecoverable(fault)
    if (named) return null
    if (records.length === 1) await this.#giveUpFirst(fault)
    else this.#narrowTo(records.length, fault)
    return null
  }

  #narrowTo(count: number, error: unknown): void {
    if (this.#suspects === 0) {
      this.#parts.log.warn(`put() refused a batch of ${count} records; it is put again in parts until the record at fault is alone`, error)
    }
    this.#suspects = count
  }

  /** @throws ConnectException when bad records are not tolerated; it names the record, and its report is safe */
  async #giveUpFirst(error: unknown): Promise<void> {
    const { operator, converters } = this.#parts
    const [culprit] = this.#batch
    if (culprit === undefined) return
    const consumed = consumedBytesOf(culprit, converters)
    await operator.fail({ stage: 'TASK_PUT', executing: sinkTaskClass, record: { consumed }, error })
    this.#batch = this.#batch.slice(1)
    this.#suspects = 0
    this.#changed()
  }

  /** @returns whether there were any of them */
  #drop(records: readonly SinkRecord[]): boolean {
    const places = new Set(records.map(placeOf))
    const before = this.#batch.length
    this.#keep((record) => !places.has(placeOf(record)))
    return this.#batch.length < before
  }

  /** Nothing is known of what is left. */
  #keep(isKept: (record: SinkRecord) => boolean): void {
    this.#suspects = 0
    this.#batch = this.#batch.filter(isKept)
  }

  /** The batch is another one: so is what may be committed, and whether more may be polled. */
  #changed(): void {
    this.#parts.offsets.delivered(this.#batch)
    this.#parts.pauses.hold('records kept', this.isPending)
  }
}

const noReports: PutReports = { reported: [], outage: null, intolerable: null }

function unrecoverable(error: unknown): ConnectException {
  const message = error instanceof Error ? error.message : String(error)
  return new ConnectException(`Exiting WorkerSinkTask due to unrecoverable exception. ${message}`, { cause: error })
}

function placeOf({ originalTopic, originalKafkaPartition, originalKafkaOffset }: SinkRecord): string {
  return `${originalTopic}-${originalKafkaPartition}@${originalKafkaOffset}`
}
