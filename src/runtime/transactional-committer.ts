import { ConnectException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { SourceRecord, TransactionContext } from '../api/source.ts'
import { KafkaError, timeoutException } from '../kafka/errors.ts'
import { taskMetricIndex, type TaskMetrics } from '../metrics/task-metrics.ts'
import { TaskTakenOverException } from './errors/task-taken-over.ts'
import type { Outage } from './outage.ts'
import type { CommitterHooks, SourceCommitter } from './source-committer.ts'
import type { OffsetWriter } from './source-offset-committer.ts'
import { addCommitTime } from './source-task-metrics.ts'
import type { SourceTransaction } from './source-transaction.ts'
import type { TransactionBoundary, TransactionEnd } from './transaction-boundary.ts'

const reportEveryMs = 10_000
const largest = taskMetricIndex('transaction-size-max')
const smallest = taskMetricIndex('transaction-size-min')
const average = taskMetricIndex('transaction-size-avg')

export interface TransactionalCommitterParts {
  readonly transaction: SourceTransaction
  /** Of a store that writes into the transaction. */
  readonly writer: OffsetWriter
  readonly boundary: TransactionBoundary
  readonly metrics: TaskMetrics
  /** Told when a commit takes long. */
  readonly outage: Outage
  readonly log: Logger
}

/**
 * Commits records and their offsets together, so that a consumer that reads committed records sees each once: after a crash the transaction
 * that was open is aborted by the next start, which goes on at the offsets of the last one that was committed.
 * Apache Kafka 4.3, ExactlyOnceWorkerSourceTask.
 */
export class TransactionalCommitter implements SourceCommitter {
  readonly transactionContext: TransactionContext | null
  readonly recordSent: SourceCommitter['recordSent']
  readonly #parts: TransactionalCommitterParts
  #hooks: CommitterHooks | null = null
  #committed = 0
  #records = 0

  constructor(parts: TransactionalCommitterParts) {
    const { afterRecord, transactionContext } = parts.boundary
    this.#parts = parts
    this.transactionContext = transactionContext
    this.recordSent = afterRecord === null ? null : (record: SourceRecord) => this.#end(afterRecord(record))
  }

  /** Fences whoever worked under this name before, and ends what that one left open. */
  async prepare(): Promise<void> {
    await this.#reportingDelay('Registering its transactions', () => this.#parts.transaction.init())
  }

  start(hooks: CommitterHooks): void {
    this.#hooks = hooks
  }

  update(): void {
    for (const { partition, offset } of this.#hooks?.submitted.committableOffsets() ?? []) this.#parts.writer.offset(partition, offset)
  }

  batchSent(): Promise<void> | undefined {
    return this.#end(this.#parts.boundary.afterBatch())
  }

  /** A transaction left open would reach its time-out, and hold up whoever reads committed records until then. */
  async pausing(): Promise<void> {
    const { transaction, boundary, log } = this.#parts
    await this.#end(boundary.atRest())
    if (transaction.isOpen)
      log.warn(
        `The task is paused within a transaction that only it may end (transaction.boundary=connector). Kafka aborts the transaction when it has been open for transaction.timeout.ms=${transaction.timeoutMs}; consumers with isolation.level=read_committed get nothing that was written behind it until then. If the task goes on later than that, it fails, and after its restart reads and sends those records again`,
      )
  }

  async finish(failed: boolean): Promise<void> {
    const { transaction, boundary, log } = this.#parts
    if (!failed) await this.#end(boundary.atRest())
    if (!transaction.isOpen) return
    try {
      await transaction.abort()
    } catch (error) {
      if (!failed) throw error
      log.warn(
        'The open transaction cannot be aborted now; Kafka does it when the task starts again, or after transaction.timeout.ms',
        error,
      )
    }
  }

  /** Fenced may mean two things; only time tells them apart. */
  explained(error: unknown): unknown {
    const { transaction } = this.#parts
    if (!isFenced(error)) return error
    if (!transaction.isOverdue) return new TaskTakenOverException(transaction.id, error)
    return new ConnectException(
      `Kafka aborted the transaction because it was open for longer than transaction.timeout.ms=${transaction.timeoutMs}. Its records are read and sent again. If that happens without an outage, set producer.override.transaction.timeout.ms higher, or transaction.boundary.interval.ms lower`,
      { cause: error },
    )
  }

  stop(): void {}

  #end(end: TransactionEnd | null): Promise<void> | undefined {
    if (end === null || (!this.#parts.transaction.isOpen && end === 'commit')) return undefined
    return end === 'commit' ? this.#commit() : this.#abort()
  }

  async #commit(): Promise<void> {
    const { transaction, metrics } = this.#parts
    const startedAt = performance.now()
    await this.#settle()
    const { records } = transaction
    await this.#reportingDelay('Committing its transaction', () => this.#commitWithOffsets())
    addCommitTime(metrics, performance.now() - startedAt)
    this.#count(records)
    await this.#hooks?.committed()
  }

  /** The records are gone for good, so their offsets are committed, by themselves. */
  async #abort(): Promise<void> {
    await this.#settle()
    if (this.#parts.transaction.isOpen) await this.#parts.transaction.abort()
    await this.#reportingDelay('Committing its offsets', () => this.#commitWithOffsets())
    await this.#hooks?.committed()
  }

  /** Every outcome is known behind it: those that fail the task are thrown before anything is committed. */
  async #settle(): Promise<void> {
    await this.#parts.transaction.flush()
    await this.#hooks?.settleFailed()
    this.update()
  }

  /** An error fails the task, whose next start reads the offsets of the last transaction that was committed. */
  async #commitWithOffsets(): Promise<void> {
    const { transaction, writer } = this.#parts
    if (writer.beginFlush()) await writer.doFlush()
    if (transaction.isOpen) await transaction.commit()
  }

  /** A wait for the coordinator has no end of its own: the status tells of it. */
  async #reportingDelay(doing: string, action: () => Promise<void>): Promise<void> {
    const { outage } = this.#parts
    const startedAt = performance.now()
    const report = () => {
      const seconds = Math.round((performance.now() - startedAt) / 1000)
      const because = `Kafka’s transaction coordinator has not answered for ${seconds} s; the warnings of the producer say why`
      outage.failed(doing, timeoutException(because), reportEveryMs)
    }
    const timer = setInterval(report, reportEveryMs)
    try {
      await action()
      outage.over()
    } finally {
      clearInterval(timer)
    }
  }

  #count(records: number): void {
    const { metrics } = this.#parts
    this.#committed++
    this.#records += records
    metrics.set(largest, Math.max(metrics.at(largest), records))
    metrics.set(smallest, this.#committed === 1 ? records : Math.min(metrics.at(smallest), records))
    metrics.set(average, this.#records / this.#committed)
  }
}

function isFenced(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof KafkaError && at.fenced) return true
  return false
}
