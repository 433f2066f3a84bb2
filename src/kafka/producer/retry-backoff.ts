const JITTER = 0.2

/** Waits between attempts: doubling from `retry.backoff.ms` to `retry.backoff.max.ms`, 20 % to either side so that clients spread. */
export class RetryBackoff {
  private readonly initialMs: number
  private readonly maxMs: number
  private readonly random: () => number

  constructor(initialMs: number, maxMs: number, random: () => number) {
    this.initialMs = Math.min(initialMs, maxMs)
    this.maxMs = maxMs
    this.random = random
  }

  /** @param attempts how often it was tried, from 1 */
  after(attempts: number): number {
    const exponent = Math.min(attempts - 1, 30)
    const jitter = 1 - JITTER + 2 * JITTER * this.random()
    return Math.min(this.initialMs * 2 ** exponent, this.maxMs) * jitter
  }
}
