import type { Logger } from '../api/logger.ts'
import type { TaskControl } from './task-control.ts'

const firstPauseMs = 100
const longestPauseMs = 10_000
const logIntervalMs = 60_000

export interface OutageParts {
  readonly control: TaskControl
  readonly log: Logger
  readonly now?: () => number
  readonly random?: () => number
}

/**
 * A system fault under way, seen from the loop that repeats its work: how long to wait, what the status says, and one line in the log
 * at the start, once a minute, and at the end. One object a loop, for one outage after the other.
 */
export class Outage {
  readonly #control: TaskControl
  readonly #log: Logger
  readonly #now: () => number
  readonly #random: () => number
  #attempts = 0
  #since = 0
  #loggedAt = 0
  #nextAt = 0

  constructor({ control, log, now = Date.now, random = Math.random }: OutageParts) {
    this.#control = control
    this.#log = log
    this.#now = now
    this.#random = random
  }

  get ongoing(): boolean {
    return this.#attempts > 0
  }

  /** Ms until the next attempt may be made; 0: now. Cheap when there is no outage: asked several times a batch. */
  get waitMs(): number {
    return this.#attempts === 0 ? 0 : Math.max(0, this.#nextAt - this.#now())
  }

  /**
   * An attempt failed.
   * @param doing what is tried again, for the log: `put() of 500 records`
   * @param askedMs the pause that the task asked for; null: grows from 100 ms to 10 s, with a random part
   * @returns ms to wait before the next attempt
   */
  failed(doing: string, error: unknown, askedMs: number | null = null): number {
    const now = this.#now()
    if (this.#attempts === 0) this.#since = now
    const pauseMs = askedMs ?? this.#pauseMs()
    this.#attempts++
    this.#nextAt = now + pauseMs
    const because = error instanceof Error ? error.message : String(error)
    this.#control.retrying({ kind: 'RETRYING', since: this.#since, because, attempts: this.#attempts, nextAt: this.#nextAt })
    if (this.#attempts === 1) this.#log.warn(`${doing} is tried again until it succeeds; nothing is skipped`, error)
    else if (now - this.#loggedAt >= logIntervalMs)
      this.#log.warn(`RETRYING since ${this.#sinceText()}: ${doing}, ${this.#attempts} attempts, because ${because}`)
    else return pauseMs
    this.#loggedAt = now
    return pauseMs
  }

  /** An attempt succeeded. Cheap when there was no outage: called once a batch. */
  over(): void {
    if (this.#attempts === 0) return
    this.#log.info(`Goes on after ${this.#attempts} attempts since ${this.#sinceText()}`)
    this.#attempts = 0
    this.#control.recovered()
  }

  #pauseMs(): number {
    const exponential = Math.min(firstPauseMs * 2 ** this.#attempts, longestPauseMs)
    return Math.round(exponential * (0.75 + 0.5 * this.#random()))
  }

  #sinceText(): string {
    return new Date(this.#since).toISOString()
  }
}
