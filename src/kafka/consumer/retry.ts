import { asKafkaError, interrupted, timeoutException, type KafkaError } from '../errors.ts'
import type { RetryBackoff } from '../retry-backoff.ts'
import { sleep, type Clock } from '../timer.ts'
import { withinTime } from './time-limit.ts'

export interface RetryOptions {
  readonly backoff: RetryBackoff
  /** Aborted when the consumer closes. */
  readonly signal: AbortSignal
  readonly now: Clock
}

/** Repeats an operation while its error says that another try may help. */
export class Retry {
  readonly #options: RetryOptions

  constructor(options: RetryOptions) {
    this.#options = options
  }

  /**
   * @param what completes Java's sentence `Timeout of N ms expired before …`
   * @throws KafkaError the first that is not retriable; a TimeoutException whose cause is the last retriable one; interrupted on close
   */
  async run<T>(what: string, timeoutMs: number, attempt: () => Promise<T>): Promise<T> {
    const { backoff, now } = this.#options
    const deadline = now() + timeoutMs
    const expired = `Timeout of ${timeoutMs}ms expired before ${what}`
    let last: KafkaError | null = null
    for (let attempts = 1; ; attempts++) {
      try {
        return await withinTime(deadline - now(), expired, attempt())
      } catch (thrown) {
        const error = asKafkaError(thrown)
        if (!error.retriable) throw error
        if (error.message !== expired) last = error
        const waitMs = backoff.after(attempts)
        if (error !== last || now() + waitMs >= deadline) throw timeoutException(expired, { cause: last ?? undefined })
        await this.sleep(waitMs, error)
      }
    }
  }

  /** @throws KafkaError interrupted, with the reason of the wait as cause, when the consumer closes meanwhile */
  async sleep(ms: number, reason: KafkaError | null): Promise<void> {
    try {
      await sleep(ms, this.#options.signal)
    } catch (error) {
      throw interrupted('The consumer was closed', reason ?? error)
    }
  }
}
