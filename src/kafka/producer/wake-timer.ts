/** Longest delay `setTimeout` keeps: a larger one, such as `max.block.ms` of Long.MAX_VALUE, would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** Monotonic milliseconds, so that a step of the wall clock neither stalls a batch nor expires it. */
export type Clock = () => number

/** One timer for the earliest of many points in time. It may fire early; whoever is called looks at the clock. */
export class WakeTimer {
  private readonly clock: Clock
  private readonly fire: () => void
  private timer: NodeJS.Timeout | undefined
  private at = Infinity

  constructor(clock: Clock, fire: () => void) {
    this.clock = clock
    this.fire = fire
  }

  /** Fires at `at` and not again for what was set before; Infinity: never. */
  set(at: number): void {
    if (at === this.at) return
    this.clear()
    if (at === Infinity) return
    this.at = at
    const delay = Math.min(Math.max(Math.ceil(at - this.clock()), 0), MAX_TIMER_MS)
    this.timer = setTimeout(this.expired, delay)
  }

  /** Fires at `at`, or earlier when it was set so. */
  atLatest(at: number): void {
    if (at < this.at) this.set(at)
  }

  clear(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.at = Infinity
  }

  private readonly expired = (): void => {
    this.timer = undefined
    this.at = Infinity
    this.fire()
  }
}
