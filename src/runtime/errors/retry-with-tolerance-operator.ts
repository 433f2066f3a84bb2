import { setTimeout as delay } from 'node:timers/promises'
import { ConnectException, RetriableException } from '../../api/errors.ts'
import { KafkaError } from '../../kafka/errors.ts'
import { TaskMetrics } from '../../metrics/task-metrics.ts'
import type { Outage } from '../outage.ts'
import { ErrorMetrics } from './error-metrics.ts'
import { faultKindOf } from './fault-kind.ts'
import type { FailedRecord, ProcessingContext, RecordFailure } from './processing-context.ts'
import type { ToleranceBudget } from './tolerance-budget.ts'
import { toleranceExceeded } from './tolerance-exceeded.ts'

/** The `errors.*` keys of a connector that say how often to try and what to do then. */
export interface ErrorPolicy {
  /** How long a retriable failure is tried again, in ms; 0: not at all, -1: for ever. */
  readonly retryTimeoutMs: number
  readonly retryDelayMaxMs: number
  readonly tolerance: 'none' | 'all'
}

/** Takes note of a failed record: log, dead letter queue. */
export interface ErrorReporter {
  /** True: it keeps the record itself, so that a source may store the offset of a record that is safe there. */
  readonly keepsRecords?: true
  /** @returns settles when the note is safe; a rejection fails the task, since the record would be lost to everybody */
  report(failure: RecordFailure): Promise<void> | void
  close?(): Promise<void>
}

const firstRetryDelayMs = 300
/** Longer ones Node.js takes for none. */
const longestTimerMs = 2 ** 31 - 1
/** With more, the next failed record waits until these are safe: failed records are kept in memory meanwhile. */
const mostPendingReports = 1000

interface OperatorParts {
  readonly context: ProcessingContext
  readonly policy: ErrorPolicy
  readonly reporters: readonly ErrorReporter[]
  readonly signal: AbortSignal
  /** Absent: as many records as come are tolerated. */
  readonly budget?: ToleranceBudget
  /** Absent: nobody counts. */
  readonly metrics?: TaskMetrics
  /** Told of retries that take long. Absent: nobody is. */
  readonly outage?: Outage
  readonly now?: () => number
  readonly random?: () => number
}

/**
 * `errors.retry.*` and `errors.tolerance` in one place. The loops run a record's conversion themselves, at full speed, and come
 * here only when it threw.
 *
 * In converters and transformations every error is taken for the record's (a TypeError too, as Java's RuntimeException), except two
 * kinds that are never tolerated: another system's outage, which would lose every record of its duration, and the end of the stack or of
 * the memory, after which objects may be half changed (Java's Error).
 *
 * Apache Kafka 4.3, RetryWithToleranceOperator, with two departures: a RetriableException whose retries are used up is subject to
 * `errors.tolerance` like any other, where Java skips the record even with tolerance none; and retries are for every outage.
 */
export class RetryWithToleranceOperator {
  readonly context: ProcessingContext
  readonly #policy: ErrorPolicy
  readonly #reporters: readonly ErrorReporter[]
  readonly #signal: AbortSignal
  readonly #budget: ToleranceBudget | null
  readonly #metrics: ErrorMetrics
  readonly #outage: Outage | null
  readonly #now: () => number
  readonly #random: () => number
  readonly #pendingReports = new Set<Promise<void>>()
  #lostReport: Error | null = null
  #lastReport: Promise<void> = Promise.resolve()
  /** What of the budget is used up. */
  #usedUp: string | null = null

  constructor(parts: OperatorParts) {
    this.context = parts.context
    this.#policy = parts.policy
    this.#reporters = parts.reporters
    this.#signal = parts.signal
    this.#budget = parts.budget ?? null
    this.#metrics = new ErrorMetrics(parts.metrics ?? new TaskMetrics())
    this.#outage = parts.outage ?? null
    this.#now = parts.now ?? Date.now
    this.#random = parts.random ?? Math.random
  }

  /** Called by the loops once a run of records that were converted and transformed, or dropped by a transformation. */
  succeeded(records: number): void {
    this.#budget?.succeeded(records)
  }

  /**
   * Called when `attempt` threw `error`; `context` says where. A task that is stopped meanwhile throws, so that the record counts as not consumed.
   * @returns the result of a repeated attempt, or undefined: the record is reported and to be skipped
   * @throws ConnectException "Tolerance exceeded in error handler" when this failure is not tolerated
   */
  async recover<T>(record: FailedRecord, error: unknown, attempt: () => T): Promise<T | undefined> {
    const startedAt = this.#now()
    let last = error
    this.#metrics.recordFailure()
    for (let retries = 0; faultKindOf(last) === 'system' && this.#mayRetry(startedAt); retries++) {
      await this.#backOff(retries, startedAt, last)
      this.#metrics.recordRetry()
      try {
        const result = attempt()
        this.#outage?.over()
        this.#budget?.succeeded(1)
        return result
      } catch (again) {
        last = again
        this.#metrics.recordFailure()
      }
    }
    if (faultKindOf(last) === 'system' && this.#signal.aborted) {
      throw new ConnectException('The task was stopped while a record was tried again; it is read again after the next start', {
        cause: last,
      })
    }
    this.#outage?.over()
    const { stage, executing } = this.context
    await this.#giveUp({ stage, executing, record, error: last })
    return undefined
  }

  /**
   * Reports a failure and tolerates it, or throws once the report is safe. Called directly for errors that come late, such as a failed send.
   * @throws ConnectException "Tolerance exceeded in error handler" when this failure is not tolerated
   */
  async fail(failure: RecordFailure): Promise<void> {
    const reported = this.report(failure)
    if (!this.tolerates(failure.error)) {
      await reported
      throw this.intolerable(failure)
    }
    await this.#boundReports()
  }

  /**
   * Tells the reporters, without waiting for them. Called directly for records that a sink task reports itself.
   * @returns settles when all have it safe; `reportsSafe` waits for it too
   */
  report(failure: RecordFailure): Promise<void> {
    this.#metrics.recordFailure()
    const reported = this.#report(failure)
    if (!this.tolerates(failure.error)) this.#metrics.recordError()
    return reported
  }

  /** The error that fails the task over a failure that `tolerates` does not. */
  intolerable(failure: RecordFailure): ConnectException {
    if (this.#usedUp !== null) return toleranceExceeded(failure, { why: 'budget', usedUp: this.#usedUp })
    return toleranceExceeded(failure, { why: this.#policy.tolerance === 'none' ? 'tolerance none' : 'not the record' })
  }

  /** Waits for all reports under way: offsets behind them may be stored then. @throws what kept a report from being safe; the task must fail */
  async reportsSafe(): Promise<void> {
    await Promise.all(this.#pendingReports)
    this.throwIfReportLost()
  }

  /** Settles when the record reported last is safe; rejects when its report was lost. */
  get lastReport(): Promise<void> {
    return this.#lastReport
  }

  /** @throws what kept a report from being safe; the task must fail */
  throwIfReportLost(): void {
    if (this.#lostReport !== null) throw this.#lostReport
  }

  /** Called when the task ends, after its last commit. */
  async close(): Promise<void> {
    for (const reporter of this.#reporters) await reporter.close?.()
  }

  /** True: somebody is told of failed records, so that they must be kept until their outcome is known. */
  get reports(): boolean {
    return this.#reporters.length > 0 && this.#policy.tolerance === 'all'
  }

  /** True: a reporter keeps failed records, so that their offsets may be stored once their report is safe. */
  get keepsRecords(): boolean {
    return this.#reporters.some(({ keepsRecords }) => keepsRecords === true)
  }

  /** Asked after the report of a failure, which counts. */
  tolerates(error: unknown): boolean {
    return this.#policy.tolerance === 'all' && this.#usedUp === null && !isOutage(error) && !isMachineLimit(error)
  }

  async #giveUp(failure: RecordFailure): Promise<void> {
    this.#metrics.recordError()
    const reported = this.#report(failure)
    if (!this.tolerates(failure.error)) {
      await reported
      throw this.intolerable(failure)
    }
    this.#metrics.recordSkipped()
    await this.#boundReports()
  }

  #report(failure: RecordFailure): Promise<void> {
    this.#metrics.recordErrorTimestamp(this.#now())
    if (this.#policy.tolerance === 'all') this.#usedUp ??= this.#budget?.failed() ?? null
    const reported = Promise.all(this.#reporters.map(async (reporter) => reporter.report(failure))).then(() => undefined)
    this.#lastReport = reported
    this.#pendingReports.add(reported)
    reported.then(
      () => this.#pendingReports.delete(reported),
      (error: unknown) => (this.#lostReport ??= error instanceof Error ? error : new Error(String(error))),
    )
    return reported
  }

  async #boundReports(): Promise<void> {
    if (this.#pendingReports.size >= mostPendingReports) await this.reportsSafe()
  }

  #mayRetry(startedAt: number): boolean {
    const { retryTimeoutMs } = this.#policy
    return !this.#signal.aborted && (retryTimeoutMs < 0 || this.#now() < startedAt + retryTimeoutMs)
  }

  /** 300 ms doubling; beyond the maximum, a random time below it; never past the deadline. */
  async #backOff(retries: number, startedAt: number, error: unknown): Promise<void> {
    const { retryDelayMaxMs, retryTimeoutMs } = this.#policy
    const exponential = firstRetryDelayMs * 2 ** retries
    const wanted = exponential > retryDelayMaxMs ? this.#random() * retryDelayMaxMs : exponential
    const untilDeadline = retryTimeoutMs < 0 ? Infinity : startedAt + retryTimeoutMs - this.#now()
    const pauseMs = Math.max(0, Math.min(wanted, untilDeadline, longestTimerMs))
    // a first retry often succeeds, and is no news
    if (retries > 0) this.#outage?.failed(`${this.context.stage} with ${this.context.executing}`, error, pauseMs)
    await delay(pauseMs, undefined, { signal: this.#signal }).catch(ignoreAbort)
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}

/**
 * Of another system, which does not answer or does not let us in. A RetriableException is none any more: it got its time by
 * `errors.retry.timeout`, and who let that pass by meant the record to be skipped.
 */
function isOutage(error: unknown): boolean {
  if (error instanceof RetriableException) return false
  return faultKindOf(error) === 'system' || (error instanceof KafkaError && error.auth)
}

/** V8 has no class and no code for these. */
const machineLimits: ReadonlySet<string> = new Set(['Maximum call stack size exceeded', 'Array buffer allocation failed'])

function isMachineLimit(error: unknown): boolean {
  return error instanceof RangeError && machineLimits.has(error.message)
}
