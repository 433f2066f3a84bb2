import type { Logger } from 'standpipe/api'

const everyMs = 60_000

/** Says that something goes wrong, once a minute at most and with a count, and that it is over where it said so before. */
export class TroubleLog {
  readonly #log: Logger
  readonly #now: () => number
  /** Of the last line. */
  #saidAt = Number.NEGATIVE_INFINITY
  /** Since the last line, and when the first of them was. */
  #times = 0
  #since = 0
  #isSaid = false
  #total = 0
  #current: string | null = null

  constructor(log: Logger, now: () => number = Date.now) {
    this.#log = log
    this.#now = now
  }

  /** The last trouble; null: there is none, or it is over. */
  get current(): string | null {
    return this.#current
  }

  /** How often there was trouble since the start of the task. */
  get total(): number {
    return this.#total
  }

  trouble(what: string): void {
    this.#current = what
    this.#total++
    const now = this.#now()
    if (this.#times === 0) this.#since = now
    this.#times++
    if (now - this.#saidAt < everyMs) return
    this.#log.warn(this.#times === 1 ? what : `${what} (${this.#times} times since ${new Date(this.#since).toISOString()})`)
    this.#saidAt = now
    this.#times = 0
    this.#isSaid = true
  }

  over(what: string): void {
    if (this.#current === null) return
    this.#current = null
    if (this.#isSaid) this.#log.info(what)
    this.#isSaid = false
  }
}
