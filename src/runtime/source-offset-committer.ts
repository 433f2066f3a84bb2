import { RetriableException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { SourceOffset, SourcePartition } from '../api/source.ts'
import type { TaskMetrics } from '../metrics/task-metrics.ts'
import { faultKindOf } from './errors/fault-kind.ts'
import type { Outage } from './outage.ts'
import type { CommitterHooks, SourceCommitter } from './source-committer.ts'
import { addCommitTime } from './source-task-metrics.ts'
import type { SubmittedRecords } from './submitted-records.ts'

/** What the committer needs of the offset writer: set offsets, then flush a snapshot of them. */
export interface OffsetWriter {
  /** @param offset null resets the partition */
  offset(partition: SourcePartition, offset: SourceOffset | null): void
  /** Takes a snapshot of what was set; false: there is nothing to write. */
  beginFlush(): boolean
  /** Writes the snapshot; resolves when it is safe. */
  doFlush(): Promise<void>
  /** Puts the snapshot back behind what was set since: the next flush writes it. */
  cancelFlush(): void
}

export interface SourceOffsetCommitterParts {
  readonly writer: OffsetWriter
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly log: Logger
  readonly metrics?: TaskMetrics
  /** Told when the offset store is out. */
  readonly outage?: Outage
}

/**
 * Stores the offsets of one source task every `offset.flush.interval.ms`, and a last time at stop.
 * A flush that fails or takes longer than `offset.flush.timeout.ms` is given up and its data kept for the next one.
 * Apache Kafka 4.3, SourceTaskOffsetCommitter and WorkerSourceTask#commitOffsets.
 */
export class SourceOffsetCommitter implements SourceCommitter {
  readonly #parts: SourceOffsetCommitterParts
  #submitted: SubmittedRecords | null = null
  #afterCommit: () => Promise<void> = () => Promise.resolve()
  readonly recordSent = null
  readonly transactionContext = null
  #timer: NodeJS.Timeout | null = null
  #running: Promise<boolean> = Promise.resolve(true)
  #stopped = false

  constructor(parts: SourceOffsetCommitterParts) {
    this.#parts = parts
  }

  async prepare(): Promise<void> {}

  start({ submitted, committed }: CommitterHooks): void {
    this.#submitted = submitted
    this.#afterCommit = committed
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** Takes in what was acknowledged meanwhile; called by the loop between polls, so that queues stay short. */
  update(): void {
    for (const { partition, offset } of this.#submitted?.committableOffsets() ?? []) this.#parts.writer.offset(partition, offset)
  }

  batchSent(): undefined {}

  /** Nothing is due: offsets are stored every interval while the task is paused, too. */
  pausing(): undefined {}

  explained(error: unknown): unknown {
    return error
  }

  /** What was acknowledged is stored, also before the task fails. */
  async finish(): Promise<void> {
    await this.commitNow()
  }

  /** Commits now, after a commit that is under way. @returns false when offsets could not be stored; the log says why */
  commitNow(): Promise<boolean> {
    this.#running = this.#running.then(() => this.#commit())
    return this.#running
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(
      () => {
        void this.commitNow().then(() => this.#schedule())
      },
      Math.min(this.#parts.intervalMs, 2 ** 31 - 1),
    )
  }

  async #commit(): Promise<boolean> {
    const { metrics, outage } = this.#parts
    this.update()
    const startedAt = performance.now()
    try {
      await this.#flush()
      outage?.over()
    } catch (error) {
      this.#failed(error)
      return false
    } finally {
      if (metrics !== undefined) addCommitTime(metrics, performance.now() - startedAt)
    }
    await this.#afterCommit()
    return true
  }

  async #flush(): Promise<void> {
    const { writer } = this.#parts
    try {
      if (writer.beginFlush()) await this.#withinTimeout(writer.doFlush())
    } catch (error) {
      writer.cancelFlush()
      throw error
    }
  }

  #failed(error: unknown): void {
    const { log, outage, intervalMs } = this.#parts
    log.error('Failed to commit offsets: they are kept and written at the next commit', error)
    if (faultKindOf(error) === 'system') outage?.failed('Storing source offsets', error, intervalMs)
  }

  async #withinTimeout(flush: Promise<void>): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>()
    const { timeoutMs } = this.#parts
    const tooLong = () => reject(new RetriableException(`flush took longer than offset.flush.timeout.ms=${timeoutMs}`))
    const timer = setTimeout(tooLong, timeoutMs)
    try {
      await Promise.race([flush, promise])
    } finally {
      clearTimeout(timer)
    }
  }
}
