import type { Clock, Timer } from '../clock.ts'

/** Work that is done again and again, never twice at a time. */
export class Repeating {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #work: () => Promise<void>
  #timer: Timer | null = null
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  /**
   * @param intervalMs from the end of one time to the beginning of the next
   * @param work must not reject
   */
  constructor(clock: Clock, intervalMs: number, work: () => Promise<void>) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#work = work
    this.#schedule()
  }

  /** Resolves when the work that is under way is done; it does not begin again. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#running
  }

  #schedule(): void {
    this.#timer = this.#clock.after(this.#intervalMs, () => {
      this.#running = this.#work().finally(() => {
        if (!this.#isStopped) this.#schedule()
      })
    })
  }
}
