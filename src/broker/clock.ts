/** Time as the broker sees it. It comes in by constructors, so that tests move it by hand. */
export interface Clock {
  /** Wall clock: milliseconds since 1970. */
  now(): number
  /** Calls `fire` once, `ms` from now; never before this call returned. The process may end while it waits. */
  after(ms: number, fire: () => void): Timer
}

export interface Timer {
  /** It will not fire any more. Harmless when it fired or was cancelled. */
  cancel(): void
}

/** Longest delay `setTimeout` keeps, 24 days; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: Date.now,
  after: (ms, fire) => new SystemTimer(ms, fire),
}

class SystemTimer implements Timer {
  readonly #timeout: NodeJS.Timeout

  constructor(ms: number, fire: () => void) {
    this.#timeout = setTimeout(fire, Math.min(ms, LONGEST_MS)).unref()
  }

  cancel(): void {
    clearTimeout(this.#timeout)
  }
}
