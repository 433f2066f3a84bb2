import type { Logger } from '../../api/logger.ts'
import type { KafkaError } from '../errors.ts'
import type { ApiVersions } from '../protocol/api-versions.ts'
import { RetryBackoff } from '../retry-backoff.ts'
import { monotonic } from '../timer.ts'

export interface ReconnectOptions {
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
}

/** A broker that takes connections and closes them at once is reported that often. */
const FLAPPING_MS = 30_000

/**
 * What is known about reaching one address, shared by its channels: how long to wait before the next attempt, and what was
 * logged. unknown → connected → disconnected → unreachable → connected …; each change is logged once, attempts are not.
 */
export class Reachability {
  readonly #broker: string
  readonly #waits: RetryBackoff
  readonly #log: Logger
  #state: 'unknown' | 'connected' | 'disconnected' | 'unreachable' = 'unknown'
  #failures = 0
  #nextAttemptAt = 0
  #saidDisconnectedAt = -Infinity
  #versions: ApiVersions | null = null

  constructor(broker: string, { reconnectBackoffMs, reconnectBackoffMaxMs }: ReconnectOptions, log: Logger) {
    this.#broker = broker
    this.#waits = new RetryBackoff(reconnectBackoffMs, reconnectBackoffMaxMs)
    this.#log = log
  }

  /** Attempts that failed since the last success. */
  get failures(): number {
    return this.#failures
  }

  /** Milliseconds to wait before the next attempt. */
  get delayMs(): number {
    return Math.max(0, this.#nextAttemptAt - monotonic())
  }

  /** What the broker said it can do when it was last connected; null: never yet. */
  get versions(): ApiVersions | null {
    return this.#versions
  }

  connected(versions: ApiVersions): void {
    this.#versions = versions
    this.#failures = 0
    this.#nextAttemptAt = 0
    if (this.#state === 'unreachable') this.#log.info(`Connected to ${this.#broker} again`)
    this.#state = 'connected'
  }

  /** @param hasAnswered false: it never answered a request on that connection, which needs a person */
  disconnected(error: KafkaError, hasAnswered: boolean): void {
    if (this.#state !== 'connected') return
    this.#state = 'disconnected'
    const now = monotonic()
    const isNews = now - this.#saidDisconnectedAt > FLAPPING_MS
    if (isNews) this.#saidDisconnectedAt = now
    const text = `Disconnected from ${this.#broker}: ${error.message}`
    if (!isNews) this.#log.debug(text)
    else if (hasAnswered) this.#log.info(text)
    else this.#log.warn(text)
  }

  failed(error: KafkaError): void {
    this.#failures++
    this.#nextAttemptAt = monotonic() + this.#waits.after(this.#failures)
    if (this.#state === 'unreachable') return
    this.#state = 'unreachable'
    if (error.retriable) this.#log.warn(`Connection to ${this.#broker} could not be established; retrying. ${error.message}`)
    else this.#log.error(`Connection to ${this.#broker} could not be established. ${error.message}`)
  }
}
