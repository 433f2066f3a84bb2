import { setTimeout as sleep } from 'node:timers/promises'

export interface BackoffOptions {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

const JITTER = 0.2

/** Waits between attempts: doubling up to a maximum, with a fifth of jitter. As Java's ExponentialBackoff. */
export class Backoff {
  readonly #options: BackoffOptions
  #attempts = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** Milliseconds to wait before the next attempt; each call counts as one failure. */
  next(): number {
    const { retryBackoffMs, retryBackoffMaxMs } = this.#options
    const delayMs = Math.min(retryBackoffMs * 2 ** this.#attempts, retryBackoffMaxMs)
    this.#attempts++
    return delayMs * (1 + JITTER * (2 * Math.random() - 1))
  }

  /** @throws the signal's reason when it fires */
  async wait(signal: AbortSignal): Promise<void> {
    await sleep(this.next(), undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error
    })
  }
}
