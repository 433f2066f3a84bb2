import { abortable } from '../abortable.ts'
import { asKafkaError, illegalState, timeoutException, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { RetryBackoff } from '../retry-backoff.ts'
import { monotonic, startTimer } from '../timer.ts'

export interface AdminCallsOptions {
  readonly metadata: Metadata
  readonly backoff: RetryBackoff
  /** `default.api.timeout.ms`: how long one call may take with all its attempts. */
  readonly apiTimeoutMs: number
}

/** Attempts of one call; the signal fires when its time is over or the client closes. */
export interface Call {
  readonly signal: AbortSignal
  /** Milliseconds left of the call's time. */
  leftMs(): number
}

/** Runs admin calls: repeats what may succeed later, asks for metadata where the error says so, and ends in time. */
export class AdminCalls {
  readonly #options: AdminCallsOptions
  readonly #closing = new AbortController()

  constructor(options: AdminCallsOptions) {
    this.#options = options
  }

  /** @param what what is done, for the text of a time-out: `describing topics` */
  async run<T>(what: string, attempt: (call: Call) => Promise<T>): Promise<T> {
    const { apiTimeoutMs } = this.#options
    this.#closing.signal.throwIfAborted()
    const deadline = monotonic() + apiTimeoutMs
    const timeout = new AbortController()
    const signal = AbortSignal.any([this.#closing.signal, timeout.signal])
    const call: Call = { signal, leftMs: () => Math.max(1, deadline - monotonic()) }
    let last: KafkaError | null = null
    const timer = startTimer(apiTimeoutMs, () => timeout.abort(timedOut(what, apiTimeoutMs, last)))
    try {
      for (let attempts = 1; ; attempts++) {
        try {
          return await abortable(attempt(call), signal)
        } catch (error) {
          signal.throwIfAborted()
          last = asKafkaError(error)
          if (!last.retriable) throw last
        }
        await this.#prepareNext(last, attempts, signal)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#closing.abort(illegalState('The admin client is closed'))
  }

  async #prepareNext(error: KafkaError, attempts: number, signal: AbortSignal): Promise<void> {
    const { backoff, metadata } = this.#options
    await backoff.wait(attempts, signal)
    if (error.refresh === 'metadata') await metadata.refresh(signal)
  }
}

function timedOut(what: string, timeoutMs: number, last: KafkaError | null): KafkaError {
  const reason = last === null ? '' : ` Last error: ${last.message}`
  return timeoutException(`Timed out after ${timeoutMs} ms while ${what}.${reason}`, { cause: last ?? undefined })
}
