import { startTimer } from '../timer.ts'

/**
 * Where `poll` sleeps. What runs beside it (fetches, joins, look-ups) calls `notify` when there may be something to do;
 * a notification that comes while nobody sleeps is kept for the next sleep, so none is lost.
 */
export class PollSignal {
  #notified = false
  #resume: (() => void) | null = null

  notify(): void {
    this.#notified = true
    this.#resume?.()
  }

  /** Resolves at a notification, or after `ms` (at most what a timer keeps). One sleeper at a time. */
  async sleep(ms: number): Promise<void> {
    if (!this.#notified) await this.#notification(ms)
    this.#notified = false
  }

  #notification(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = startTimer(ms, () => this.#resume?.())
      this.#resume = () => {
        this.#resume = null
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Longest time that `poll` may answer from its buffers before sockets and timers get a turn. */
const MAX_MS_WITHOUT_TURN = 10

/**
 * Lets the event loop turn. A `poll` that finds records resolves in a microtask, so a loop of polls and synchronous work
 * would starve sockets and heartbeats for as long as the buffers last.
 */
export class LoopTurn {
  #last = performance.now()

  due(): boolean {
    return performance.now() - this.#last > MAX_MS_WITHOUT_TURN
  }

  take(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#last = performance.now()
        resolve()
      })
    })
  }
}
