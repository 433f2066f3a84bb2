import { setTimeout as sleep } from 'node:timers/promises'

/** What is known of one request when it is over. */
export type RequestResult = 'accepted' | 'overloaded' | 'failed' | 'refused'

/** An answer that took this many times the usual says that more requests would only wait longer. */
const slowFactor = 3
const learning = 0.1
/** One request that gets no answer shall not hold up all others. */
const lowest = 2

/**
 * Lets a changing number of requests go at a time: halved when the server is overloaded or in trouble, one more after two rounds of
 * answers at the usual speed, up to `max.in.flight.requests` (AIMD). A server in trouble can also be left alone until a moment.
 * Requests that are tried again come before new ones, which keeps the oldest records first.
 */
export class RequestGate {
  readonly #highest: number
  #limit: number
  #inFlight = 0
  #acceptedInARow = 0
  #usualMs = 0
  #halvedAt = Number.NEGATIVE_INFINITY
  /** Trouble: over as soon as a request is accepted. */
  #closedUntil = 0
  /** What the server asked for: kept whatever happens. */
  #heldUntil = 0
  readonly #again: (() => void)[] = []
  readonly #waiting: (() => void)[] = []

  constructor(highest: number) {
    this.#highest = highest
    this.#limit = highest
  }

  get limit(): number {
    return this.#limit
  }

  /** Whether a further request would not only queue behind as many as may ever be under way. */
  get hasRoom(): boolean {
    return this.#inFlight + this.#again.length + this.#waiting.length < this.#highest
  }

  /** Whether a further request would be made at once. */
  get isOpen(): boolean {
    return this.#inFlight + this.#again.length + this.#waiting.length < this.#limit && this.#closedForMs() <= 0
  }

  /** Resolves when a request may be made; `left` must follow. @throws AbortError */
  async enter(attempt: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await this.#turn(attempt > 1 ? this.#again : this.#waiting)
    try {
      for (let waitMs = this.#closedForMs(); waitMs > 0; waitMs = this.#closedForMs()) await sleep(waitMs, undefined, { signal })
      signal.throwIfAborted()
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  /** The request of that `enter` is over. @param startedAt by `performance.now` */
  left(result: RequestResult, startedAt: number): void {
    if (result === 'accepted') this.#accepted(performance.now() - startedAt)
    else if (result !== 'refused') this.#halve(startedAt)
    this.#leave()
  }

  /** No request before this many milliseconds are over, unless one that is under way is accepted. */
  closeFor(ms: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, performance.now() + ms)
  }

  /** No request before this many milliseconds are over. */
  holdFor(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, performance.now() + ms)
  }

  #closedForMs(): number {
    return Math.ceil(Math.max(this.#closedUntil, this.#heldUntil) - performance.now())
  }

  async #turn(queue: (() => void)[]): Promise<void> {
    if (this.#inFlight < this.#limit) {
      this.#inFlight++
      return
    }
    await new Promise<void>((resolve) => queue.push(resolve))
  }

  /** Hands the place on, or takes it away where the limit has fallen. */
  #leave(): void {
    this.#inFlight--
    while (this.#inFlight < this.#limit) {
      const next = this.#again.shift() ?? this.#waiting.shift()
      if (next === undefined) return
      this.#inFlight++
      next()
    }
  }

  #accepted(tookMs: number): void {
    this.#closedUntil = 0
    const isSlow = this.#usualMs > 0 && tookMs > slowFactor * this.#usualMs
    this.#usualMs = this.#usualMs === 0 ? tookMs : this.#usualMs + learning * (tookMs - this.#usualMs)
    this.#acceptedInARow = isSlow ? 0 : this.#acceptedInARow + 1
    if (this.#limit < this.#highest && this.#acceptedInARow >= 2 * this.#limit) {
      this.#limit++
      this.#acceptedInARow = 0
    }
  }

  /** Once for all requests that were under way together. */
  #halve(startedAt: number): void {
    this.#acceptedInARow = 0
    if (startedAt < this.#halvedAt) return
    this.#limit = Math.min(this.#highest, Math.max(lowest, Math.floor(this.#limit / 2)))
    this.#halvedAt = performance.now()
  }
}
