import type { Logger } from '../api/logger.ts'
import { monotonic } from './timer.ts'

const REPEAT_AFTER_MS = 30_000

/** Says every half minute that something is still wrong, however often it is tried. The first attempt's failure is said elsewhere. */
export class RepeatedWarning {
  readonly #what: string
  readonly #log: Logger
  #since: number | null = null
  #saidAt: number | null = null

  constructor(what: string, log: Logger) {
    this.#what = what
    this.#log = log
  }

  warn(reason: string): void {
    const now = monotonic()
    this.#since ??= now
    if (now - (this.#saidAt ?? this.#since) < REPEAT_AFTER_MS) return
    this.#saidAt = now
    this.#log.warn(`${this.#what} for ${seconds(now - this.#since)}; retrying. ${reason}`)
  }

  /** It works again, which is said when it was said that it did not. */
  over(): void {
    if (this.#since !== null && this.#saidAt !== null) this.#log.info(`${this.#what}: over after ${seconds(monotonic() - this.#since)}`)
    this.#since = null
    this.#saidAt = null
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
