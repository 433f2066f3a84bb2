import { ConnectException } from 'standpipe/api'
import type { SqlException } from '../../dialect/sql-exception.ts'

const longestWaitMs = 60_000

export interface OutageClockSettings {
  /** Null: without end. */
  readonly maxRetries: number | null
  readonly retryBackoffMs: number
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** When to try again while the database is out, and when to give up. */
export class OutageClock {
  readonly #settings: OutageClockSettings
  #faults = 0
  #lastFault: SqlException | null = null
  #nextTryAt = 0

  constructor(settings: OutageClockSettings) {
    this.#settings = settings
  }

  /** Whether the wait for that fault is over; false also when nobody has waited for it yet. */
  isTimeToTry(fault: SqlException): boolean {
    return this.#lastFault === fault && this.#settings.now() >= this.#nextTryAt
  }

  /** @returns milliseconds until the next attempt @throws ConnectException when there were too many */
  noted(fault: SqlException): number {
    const { maxRetries, now } = this.#settings
    if (fault !== this.#lastFault) {
      this.#faults++
      this.#lastFault = fault
      if (maxRetries !== null && this.#faults > maxRetries) {
        throw new ConnectException(
          `The database could not be written to, and ${maxRetries} retries are used up (max.retries): ${fault.message} (SQLSTATE ${fault.sqlState})`,
          { cause: fault },
        )
      }
      this.#nextTryAt = now() + this.#waitMs()
    }
    return Math.max(0, Math.ceil(this.#nextTryAt - now()))
  }

  /** A write went through. */
  over(): void {
    this.#faults = 0
    this.#lastFault = null
  }

  /** The first wait is the configured one; each further one is twice as long, less a random part so that tasks do not come all at once. */
  #waitMs(): number {
    const { retryBackoffMs, random } = this.#settings
    if (this.#faults <= 1) return retryBackoffMs
    const longest = Math.max(longestWaitMs, retryBackoffMs)
    return Math.min(longest, retryBackoffMs * 2 ** (this.#faults - 1)) * (1 - random() / 2)
  }
}
