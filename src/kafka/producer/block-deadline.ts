import { setTimeout as sleep } from 'node:timers/promises'
import { illegalState, timeoutException, type KafkaError } from '../errors.ts'
import { MAX_TIMER_MS } from './wake-timer.ts'

/** How long one call may wait: `max.block.ms` (Long.MAX_VALUE: for ever), or until the producer closes. */
export class BlockDeadline {
  readonly maxBlockMs: number
  /** Aborts at the deadline or on close. */
  readonly signal: AbortSignal
  private readonly closing: AbortSignal
  private readonly controller = new AbortController()
  private readonly timer: NodeJS.Timeout | undefined
  private readonly abort = (): void => this.controller.abort()

  /** Call `release` when the wait is over. */
  constructor(maxBlockMs: number, closing: AbortSignal) {
    this.maxBlockMs = maxBlockMs
    this.closing = closing
    this.signal = this.controller.signal
    if (maxBlockMs <= MAX_TIMER_MS) this.timer = setTimeout(this.abort, maxBlockMs)
    if (closing.aborted) this.abort()
    closing.addEventListener('abort', this.abort, { once: true })
  }

  get isOver(): boolean {
    return this.signal.aborted
  }

  /** Waits, but not longer than this. */
  async sleep(ms: number): Promise<void> {
    await sleep(Math.min(ms, MAX_TIMER_MS), undefined, { signal: this.signal }).catch((error: unknown) => {
      if (!this.isOver) throw error
    })
  }

  /** @param timedOut what to say when time ran out */
  error(timedOut: string, cause?: unknown): KafkaError {
    return this.closing.aborted ? illegalState('Producer closed while send in progress') : timeoutException(timedOut, { cause })
  }

  release(): void {
    clearTimeout(this.timer)
    this.closing.removeEventListener('abort', this.abort)
  }
}
