/** `errors.tolerance.max.*`. */
export interface ToleranceLimits {
  /** Bad records since the start of the task; -1: no limit. */
  readonly maxCount: number
  /** Bad records among the last `window` ones, as a share from 0 to 1; 1: no limit. */
  readonly maxRatio: number
  readonly window: number
}

/**
 * How many bad records `errors.tolerance=all` still puts up with. Of the window it keeps where the newest bad records were, as many as
 * the ratio allows: when one more comes and the oldest of them is still in the window, there are too many. So good records cost nothing
 * but their number, and a task that has seen less than a window is measured as if the missing records had been good.
 */
export class ToleranceBudget {
  readonly #limits: ToleranceLimits
  /** Numbers of the newest bad records, as a ring; null: no ratio to keep. */
  readonly #newestBad: Float64Array | null
  #seen = 0
  #bad = 0

  constructor(limits: ToleranceLimits) {
    this.#limits = limits
    const { maxRatio, window } = limits
    // 0.29 * 100 is a little less than 29
    this.#newestBad = maxRatio >= 1 ? null : new Float64Array(Math.floor(maxRatio * window + 1e-9))
  }

  /** Called by the loops once a run of good records. */
  succeeded(records: number): void {
    this.#seen += records
  }

  /** Counts one bad record. @returns what is used up, as a sentence without its full stop; null: it is within the budget */
  failed(): string | null {
    this.#seen++
    this.#bad++
    const isRatioUsedUp = this.#isRatioUsedUp()
    const { maxCount, maxRatio, window } = this.#limits
    if (maxCount >= 0 && this.#bad > maxCount)
      return `errors.tolerance.max.count=${maxCount} is used up, ${this.#bad} of ${this.#seen} records were bad since the task started`
    if (!isRatioUsedUp) return null
    const bad = (this.#newestBad?.length ?? 0) + 1
    const seen = Math.min(this.#seen, window)
    return `errors.tolerance.max.ratio=${maxRatio} of ${window} records is used up, ${bad} of the last ${seen} were bad`
  }

  #isRatioUsedUp(): boolean {
    const ring = this.#newestBad
    if (ring === null) return false
    if (ring.length === 0) return true
    const at = (this.#bad - 1) % ring.length
    const oldest = this.#bad > ring.length ? (ring[at] ?? 0) : -Infinity
    ring[at] = this.#seen
    return oldest > this.#seen - this.#limits.window
  }
}
