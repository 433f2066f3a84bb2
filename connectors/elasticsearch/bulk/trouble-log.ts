import type { Logger } from 'standpipe/api'

const everyMs = 60_000

/** Says that something goes wrong at the first time, then once a minute with a count, and when it is over. */
export class TroubleLog {
  readonly #log: Logger
  readonly #now: () => number
  #since = 0
  #lastLine = Number.NEGATIVE_INFINITY
  #times = 0
  #current: string | null = null

  constructor(log: Logger, now: () => number = Date.now) {
    this.#log = log
    this.#now = now
  }

  /** The last trouble; null: there is none, or it is over. */
  get current(): string | null {
    return this.#current
  }

  trouble(what: string): void {
    this.#current = what
    const now = this.#now()
    if (this.#times === 0) this.#since = now
    this.#times++
    if (now - this.#lastLine < everyMs) return
    this.#lastLine = now
    this.#log.warn(this.#times === 1 ? what : `${what} (${this.#times} times since ${new Date(this.#since).toISOString()})`)
  }

  over(what: string): void {
    if (this.#times === 0) return
    this.#log.info(`${what} after ${this.#times} failed attempts since ${new Date(this.#since).toISOString()}`)
    this.#times = 0
    this.#current = null
    this.#lastLine = Number.NEGATIVE_INFINITY
  }
}
