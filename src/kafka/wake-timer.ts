import { startTimer, type Clock } from './timer.ts'

/** One timer for the earliest of many points in time. It may fire early; whoever is called looks at the clock. */
export class WakeTimer {
  readonly #clock: Clock
  readonly #fire: () => void
  readonly #keepsProcess: boolean
  #timer: NodeJS.Timeout | undefined
  #at = Infinity

  /** @param keepsProcess false: the process may end while it is set */
  constructor(clock: Clock, fire: () => void, keepsProcess = true) {
    this.#clock = clock
    this.#fire = fire
    this.#keepsProcess = keepsProcess
  }

  /** Fires at `at` and not again for what was set before; Infinity: never. */
  set(at: number): void {
    if (at === this.#at) return
    this.clear()
    if (at === Infinity) return
    this.#at = at
    this.#timer = startTimer(Math.ceil(at - this.#clock()), this.#expired)
    if (!this.#keepsProcess) this.#timer.unref()
  }

  /** Fires at `at`, or earlier when it was set so. */
  atLatest(at: number): void {
    if (at < this.#at) this.set(at)
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#at = Infinity
  }

  readonly #expired = (): void => {
    this.#timer = undefined
    this.#at = Infinity
    this.#fire()
  }
}
