import { sleep } from './timer.ts'

const JITTER = 0.2

/** Waits between attempts: doubling from the first to the longest, 20 % to either side so that clients spread. */
export class RetryBackoff {
  readonly #initialMs: number
  readonly #maxMs: number
  readonly #random: () => number

  /**
   * @param initialMs such as `retry.backoff.ms`
   * @param maxMs such as `retry.backoff.max.ms`; counts when it is the smaller one
   * @param random as `Math.random`
   */
  constructor(initialMs: number, maxMs: number, random: () => number = Math.random) {
    this.#initialMs = initialMs
    this.#maxMs = maxMs
    this.#random = random
  }

  /** Milliseconds to wait. @param attempts how often it was tried, from 1 */
  after(attempts: number): number {
    const exponent = Math.min(attempts - 1, 30)
    const jitter = 1 - JITTER + 2 * JITTER * this.#random()
    return Math.min(this.#initialMs * 2 ** exponent, this.#maxMs) * jitter
  }

  /** Waits that long. @throws the signal's reason when it fires */
  async wait(attempts: number, signal: AbortSignal): Promise<void> {
    await sleep(this.after(attempts), signal)
  }
}
