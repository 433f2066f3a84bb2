import type { Logger } from 'standpipe/api'
import type { Visibility } from './visibility-guard.ts'

/** What the reader of a table says of rows that it may skip: each once, of transactions that are given up once for each time there are any. */
export class VisibilityWarnings {
  readonly #log: Logger
  #warnsOfHidden = true
  #warnsOfOverdue = true
  #warnsOfStandby = true

  constructor(log: Logger) {
    this.#log = log
  }

  /** Before each read under the guard. */
  warn({ hidden, overdue, isStandby }: Visibility): void {
    if (isStandby)
      this.warnOfStandby(
        'visibility.guard knows a transaction of the primary only once it has written, and may skip rows whose number or time is older',
      )
    if (hidden > 0 && this.#warnsOfHidden) {
      this.#warnsOfHidden = false
      this.#log.warn(
        `visibility.guard: the state of ${hidden} sessions is hidden from this user. Grant it pg_read_all_stats, so that no row of their transactions is skipped, and none is waited for beyond visibility.guard.max.wait.ms.`,
      )
    }
    if (overdue > 0 && this.#warnsOfOverdue) {
      this.#log.warn(
        `visibility.guard: ${overdue} transactions are open for longer than visibility.guard.max.wait.ms and are no longer waited for: rows of theirs may be skipped.`,
      )
    }
    this.#warnsOfOverdue = overdue === 0
  }

  /** @param what does less there than elsewhere, behind "a standby, where" */
  warnOfStandby(what: string): void {
    if (!this.#warnsOfStandby) return
    this.#warnsOfStandby = false
    this.#log.warn(`The server is a standby, where ${what}. Read from the primary, or set timestamp.delay.interval.ms too.`)
  }
}
