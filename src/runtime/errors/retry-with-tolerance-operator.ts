import { setTimeout as delay } from 'node:timers/promises'
import { ConnectException, RetriableException } from '../../api/errors.ts'
import { KafkaError } from '../../kafka/errors.ts'
import type { FailedRecord, ProcessingContext, RecordFailure } from './processing-context.ts'
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
  /** @returns settles when the note is safe; a rejection fails the task, since the record would be lost to everybody */
  report(failure: RecordFailure): Promise<void> | void
  close?(): Promise<void>
}

const firstRetryDelayMs = 300
/** Longer ones Node.js takes for none. */
const longestTimerMs = 2 ** 31 - 1

/**
 * `errors.retry.*` and `errors.tolerance` in one place. The loops run a record's conversion themselves, at full speed, and come
 * here only when it threw.
 *
 * Apache Kafka 4.3, RetryWithToleranceOperator, with one departure: a RetriableException whose retries are used up is subject to
 * `errors.tolerance` like any other, where Java skips the record even with tolerance none.
 */
export class RetryWithToleranceOperator {
  readonly context: ProcessingContext
  readonly #policy: ErrorPolicy
  readonly #reporters: readonly ErrorReporter[]
  readonly #signal: AbortSignal
  readonly #now: () => number
  readonly #random: () => number
  readonly #pendingReports = new Set<Promise<void>>()
  #lostReport: Error | null = null

  constructor(parts: {
    readonly context: ProcessingContext
    readonly policy: ErrorPolicy
    readonly reporters: readonly ErrorReporter[]
    readonly signal: AbortSignal
    readonly now?: () => number
    readonly random?: () => number
  }) {
    this.context = parts.context
    this.#policy = parts.policy
    this.#reporters = parts.reporters
    this.#signal = parts.signal
    this.#now = parts.now ?? Date.now
    this.#random = parts.random ?? Math.random
  }

  /**
   * Called when `attempt` threw `error`; `context` says where. A task that is stopped meanwhile throws, so that the record counts as not consumed.
   * @returns the result of a repeated attempt, or undefined: the record is reported and to be skipped
   * @throws ConnectException "Tolerance exceeded in error handler" when tolerance is none
   */
  async recover<T>(record: FailedRecord, error: unknown, attempt: () => T): Promise<T | undefined> {
    const startedAt = this.#now()
    let last = error
    for (let retries = 0; last instanceof RetriableException && this.#mayRetry(startedAt); retries++) {
      await this.#backOff(retries, startedAt)
      try {
        return attempt()
      } catch (again) {
        last = again
      }
    }
    if (last instanceof RetriableException && this.#signal.aborted) {
      throw new ConnectException('The task was stopped while a record was tried again; it is read again after the next start', {
        cause: last,
      })
    }
    const { stage, executing } = this.context
    await this.fail({ stage, executing, record, error: last })
    return undefined
  }

  /**
   * Reports a failure and tolerates it, or throws once the report is safe. Called directly for errors that come late, such as a failed send.
   * @throws ConnectException "Tolerance exceeded in error handler" when tolerance is none
   */
  async fail(failure: RecordFailure): Promise<void> {
    const reported = this.report(failure)
    if (this.tolerates(failure.error)) return
    await reported
    throw toleranceExceeded(failure)
  }

  /** Tells the reporters, without waiting for them. @returns settles when all have it safe; `reportsSafe` waits for it too */
  report(failure: RecordFailure): Promise<void> {
    const reported = Promise.all(this.#reporters.map(async (reporter) => reporter.report(failure))).then(() => undefined)
    this.#pendingReports.add(reported)
    reported.then(
      () => this.#pendingReports.delete(reported),
      (error: unknown) => (this.#lostReport = error instanceof Error ? error : new Error(String(error))),
    )
    return reported
  }

  /** Waits for all reports under way: offsets behind them may be stored then. @throws what kept a report from being safe; the task must fail */
  async reportsSafe(): Promise<void> {
    await Promise.all(this.#pendingReports)
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

  /** An outage is never tolerated: it says nothing about the record, and every record of its duration would be lost. */
  tolerates(error: unknown): boolean {
    return this.#policy.tolerance === 'all' && !isOutage(error)
  }

  #mayRetry(startedAt: number): boolean {
    const { retryTimeoutMs } = this.#policy
    return !this.#signal.aborted && (retryTimeoutMs < 0 || this.#now() < startedAt + retryTimeoutMs)
  }

  /** 300 ms doubling; beyond the maximum, a random time below it; never past the deadline. */
  async #backOff(retries: number, startedAt: number): Promise<void> {
    const { retryDelayMaxMs, retryTimeoutMs } = this.#policy
    const exponential = firstRetryDelayMs * 2 ** retries
    const wanted = exponential > retryDelayMaxMs ? this.#random() * retryDelayMaxMs : exponential
    const untilDeadline = retryTimeoutMs < 0 ? Infinity : startedAt + retryTimeoutMs - this.#now()
    await delay(Math.max(0, Math.min(wanted, untilDeadline, longestTimerMs)), undefined, { signal: this.#signal }).catch(ignoreAbort)
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}

/** Kafka could not be asked, or did not let us in. */
function isOutage(error: unknown): boolean {
  return error instanceof KafkaError && (error.retriable || error.auth)
}
