import { setTimeout as sleep } from 'node:timers/promises'
import { RetryBackoff } from './producer/retry-backoff.ts'

export interface BackoffOptions {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

/** The waits of one loop that tries until it succeeds. */
export class Backoff {
  readonly #waits: RetryBackoff
  #attempts = 0

  constructor({ retryBackoffMs, retryBackoffMaxMs }: BackoffOptions) {
    this.#waits = new RetryBackoff(retryBackoffMs, retryBackoffMaxMs, Math.random)
  }

  /** @throws the signal's reason when it fires */
  async wait(signal: AbortSignal): Promise<void> {
    this.#attempts++
    await sleep(this.#waits.after(this.#attempts), undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error
    })
  }
}
