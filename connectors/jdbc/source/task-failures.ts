import { ConnectException, RetriableException } from 'standpipe/api'
import type { SqlException } from '../dialect/sql-exception.ts'
import type { PollSettings } from './config/settings.ts'

const longestPauseMs = 60_000

/** States that do not pass by themselves, by their class: syntax and names, data, log-in, database, schema. */
const lasting: ReadonlySet<string> = new Set(['42', '22', '28', '3D', '3F'])

/** What to do about errors of one table, counted in a row. */
export class TableFailures {
  readonly #settings: PollSettings
  #count = 0

  constructor(settings: PollSettings) {
    this.#settings = settings
  }

  /** A read succeeded. */
  over(): void {
    this.#count = 0
  }

  /** Ms to the next attempt: the poll interval, doubled each time. */
  get pauseMs(): number {
    return Math.min(longestPauseMs, Math.max(1, this.#settings.intervalMs) * 2 ** Math.max(0, Math.min(20, this.#count - 1)))
  }

  /** The error to throw: one that is tried again, or one that fails the task. A server that cannot just now is waited for without end. */
  failed(shown: string, error: SqlException): ConnectException {
    if (error.kind === 'system') return new RetriableException(`${shown} cannot be read just now: ${error.message}`, { cause: error })
    this.#count++
    const { retryAttempts, failsOnError } = this.#settings
    const isLasting = failsOnError && lasting.has(error.sqlState.slice(0, 2))
    if (isLasting || (retryAttempts > 0 && this.#count >= retryAttempts)) {
      const cause = new ConnectException('Failed to query table after retries', { cause: error })
      return new ConnectException(`Error while polling for records of ${shown}: ${error.message}`, { cause })
    }
    return new RetriableException(
      `Reading ${shown} failed, ${this.#count} times in a row, with SQLSTATE ${error.sqlState}: ${error.message}`,
      { cause: error },
    )
  }
}
