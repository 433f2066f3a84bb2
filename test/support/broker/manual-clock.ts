import type { Clock, Timer } from '../../../src/broker/clock.ts'

/** A clock that stands still until it is moved: no test waits for time to pass. */
export class ManualClock implements Clock {
  #now: number
  readonly #timers = new Set<ManualTimer>()

  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, fire: () => void): Timer {
    const timer = new ManualTimer(this.#now + Math.max(ms, 0), fire, this.#timers)
    this.#timers.add(timer)
    return timer
  }

  /** How many timers would still fire. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves on, firing in order of time whatever is due; what was begun before, or by a timer, has come to rest before the next one fires. */
  async advance(ms: number): Promise<void> {
    await settled()
    const end = this.#now + ms
    for (let due = this.#nextUntil(end); due !== null; due = this.#nextUntil(end)) {
      this.#now = due.at
      due.cancel()
      due.fire()
      await settled()
    }
    this.#now = end
    await settled()
  }

  #nextUntil(end: number): ManualTimer | null {
    let next: ManualTimer | null = null
    for (const timer of this.#timers) if (timer.at <= end && (next === null || timer.at < next.at)) next = timer
    return next
  }
}

class ManualTimer implements Timer {
  readonly at: number
  readonly fire: () => void
  readonly #owner: Set<ManualTimer>

  constructor(at: number, fire: () => void, owner: Set<ManualTimer>) {
    this.at = at
    this.fire = fire
    this.#owner = owner
  }

  cancel(): void {
    this.#owner.delete(this)
  }
}

/** Everything that waited on promises already resolved has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
