import { asKafkaError, timeoutException, type KafkaError } from '../errors.ts'
import { MAX_TIMER_MS, sleep } from '../timer.ts'

/** How long one call may wait: `max.block.ms` (Long.MAX_VALUE: for ever), or until the producer takes no more records. */
export class BlockDeadline {
  readonly maxBlockMs: number
  /** Aborts at the deadline, or when `ending` does. */
  readonly signal: AbortSignal
  readonly #ending: AbortSignal
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined
  readonly #abort = (): void => this.#controller.abort()

  /**
   * Call `release` when the wait is over.
   * @param ending its reason is the error of a wait it ends
   */
  constructor(maxBlockMs: number, ending: AbortSignal) {
    this.maxBlockMs = maxBlockMs
    this.#ending = ending
    this.signal = this.#controller.signal
    if (maxBlockMs <= MAX_TIMER_MS) this.#timer = setTimeout(this.#abort, maxBlockMs)
    if (ending.aborted) this.#abort()
    ending.addEventListener('abort', this.#abort, { once: true })
  }

  get isOver(): boolean {
    return this.signal.aborted
  }

  /** Waits, but not longer than this. */
  async sleep(ms: number): Promise<void> {
    await sleep(ms, this.signal).catch((error: unknown) => {
      if (!this.isOver) throw error
    })
  }

  /** Why it is over. @param timedOut what to say when time ran out */
  error(timedOut: string, cause?: unknown): KafkaError {
    return this.#ending.aborted ? asKafkaError(this.#ending.reason) : timeoutException(timedOut, { cause })
  }

  release(): void {
    clearTimeout(this.#timer)
    this.#ending.removeEventListener('abort', this.#abort)
  }
}
