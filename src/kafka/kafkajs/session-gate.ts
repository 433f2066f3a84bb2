import { asKafkaError, type KafkaError } from '../errors.ts'
import type { SaslSession } from './sasl-session.ts'

export interface SessionGateOptions {
  readonly session: SaslSession
  /** Requests that were sent and not answered. */
  readonly inFlight: () => number
  /** The session could not be renewed: the connection is of no use. Must end in {@link SessionGate.close}. */
  readonly failed: (error: KafkaError) => void
}

interface Held {
  readonly send: () => void
  readonly reject: (reason: KafkaError) => void
}

/**
 * What requests pass on their way to an authenticated connection. open → (session is due) draining: what was sent is answered, so that
 * the handshake does not wait behind a long poll → renewing → open. Requests that come meanwhile are held and go out in their order.
 */
export class SessionGate {
  readonly #options: SessionGateOptions
  #held: Held[] = []
  #isOpen = true
  #drained: (() => void) | null = null
  #closeReason: KafkaError | null = null

  constructor(options: SessionGateOptions) {
    this.#options = options
  }

  get held(): number {
    return this.#held.length
  }

  /** Sends at once, or when the session is renewed. */
  pass<T>(send: () => Promise<T>): Promise<T> {
    if (this.#isOpen && !this.#options.session.isDue) return send()
    return new Promise<T>((resolve, reject) => {
      // called in one go for all that are held, so that no later request comes in between
      this.#held.push({ send: () => resolve(send()), reject })
      if (this.#isOpen) void this.#renew()
    })
  }

  /** A request was answered, or rejected. */
  answered(): void {
    if (this.#options.inFlight() === 0) this.#drained?.()
  }

  /** Rejects what is held. */
  close(reason: KafkaError): void {
    this.#closeReason ??= reason
    for (const { reject } of this.#held.splice(0)) reject(reason)
    this.#drained?.()
  }

  async #renew(): Promise<void> {
    this.#isOpen = false
    try {
      if (this.#options.inFlight() > 0) await new Promise<void>((resolve) => (this.#drained = resolve))
      if (this.#closeReason === null) await this.#options.session.authenticate()
      this.#isOpen = true
      for (const { send } of this.#held.splice(0)) send()
    } catch (error) {
      this.#options.failed(asKafkaError(error))
    }
  }
}
