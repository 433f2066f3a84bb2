import type { Logger } from '../../api/logger.ts'
import { startTimer, type Clock } from '../timer.ts'

export interface HeartbeatsOptions {
  readonly intervalMs: number
  readonly sessionTimeoutMs: number
  readonly maxPollIntervalMs: number
  readonly retryBackoffMs: number
  readonly now: Clock
  readonly log: Logger
  /** Sends one heartbeat. @returns whether the coordinator answered; false: it is tried again soon */
  readonly beat: () => Promise<boolean>
  /** The coordinator did not answer for a whole session. */
  readonly sessionExpired: () => void
  /** The application did not poll in time. Heartbeats have stopped. */
  readonly pollExpired: () => void
}

/**
 * Keeps the session of a group member on a timer of its own, however long the application takes between two polls; and watches
 * that it does poll within `max.poll.interval.ms`. One heartbeat is in flight at a time.
 */
export class Heartbeats {
  readonly #options: HeartbeatsOptions
  #timer: NodeJS.Timeout | undefined
  #isRunning = false
  #isInFlight = false
  #isWaiting = false
  #nextAt = 0
  #answeredAt = 0
  #polledAt: number

  constructor(options: HeartbeatsOptions) {
    this.#options = options
    this.#polledAt = options.now()
  }

  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.#answeredAt = this.#options.now()
    this.#nextAt = this.#answeredAt + this.#options.intervalMs
    this.#schedule()
  }

  stop(): void {
    this.#isRunning = false
    clearTimeout(this.#timer)
  }

  polled(): void {
    this.#polledAt = this.#options.now()
  }

  /** While poll itself waits, its limit does not run. */
  waiting(isWaiting: boolean): void {
    this.#isWaiting = isWaiting
    this.polled()
  }

  /** The application did not poll for longer than it may. */
  get isPollExpired(): boolean {
    const { maxPollIntervalMs, now } = this.#options
    return !this.#isWaiting && now() - this.#polledAt >= maxPollIntervalMs
  }

  #schedule(): void {
    if (!this.#isRunning) return
    const now = this.#options.now()
    const pollLimit = this.#polledAt + this.#options.maxPollIntervalMs
    const next = this.#isInFlight ? pollLimit : Math.min(this.#nextAt, Math.max(pollLimit, now))
    clearTimeout(this.#timer)
    this.#timer = startTimer(Math.ceil(next - now), () => this.#tick())
  }

  #tick(): void {
    const { now } = this.#options
    if (this.#isWaiting) this.polled()
    if (this.isPollExpired) {
      this.stop()
      this.#options.pollExpired()
      return
    }
    if (!this.#isInFlight && now() >= this.#nextAt) this.#send(now())
    this.#schedule()
  }

  #send(now: number): void {
    const { beat, log, sessionTimeoutMs } = this.#options
    const lateMs = now - this.#nextAt
    if (lateMs > sessionTimeoutMs / 3) {
      log.warn(
        `Heartbeat is ${Math.round(lateMs)} ms late: the event loop was blocked. Longer than session.timeout.ms and the group goes on without this member`,
      )
    }
    if (now - this.#answeredAt > sessionTimeoutMs) this.#options.sessionExpired()
    this.#isInFlight = true
    void beat().then((isAnswered) => this.#answered(isAnswered))
  }

  #answered(isAnswered: boolean): void {
    const { intervalMs, now, retryBackoffMs } = this.#options
    this.#isInFlight = false
    if (isAnswered) this.#answeredAt = now()
    this.#nextAt = now() + (isAnswered ? intervalMs : Math.min(retryBackoffMs, intervalMs))
    this.#schedule()
  }
}
