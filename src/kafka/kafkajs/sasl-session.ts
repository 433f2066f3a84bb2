import type { SaslCredentials } from '../config/sasl.ts'
import { asKafkaError, kafkaError, saslAuthenticationFailed, type KafkaError } from '../errors.ts'
import { saslAuthenticate, type SaslAuthenticateResponse } from '../protocol/sasl-authenticate.ts'
import { saslHandshake } from '../protocol/sasl-handshake.ts'
import { monotonic, sleep } from '../timer.ts'
import type { ApiRequest } from '../transport.ts'
import { refusalInWords } from './oauthbearer.ts'
import { startExchange, type SaslExchange } from './sasl-exchange.ts'

/** Java's share of a session after which it is renewed, at random, so that not all clients do it at once. SaslClientAuthenticator. */
const RENEW_FROM = 0.85
const RENEW_WITHIN = 0.1
/** A request may take that long to a busy broker. More than Java leaves, which loses connections where sessions are of seconds. */
const MIN_RESERVE_MS = 1_000
/** A broker takes an earlier handshake for a mistake. KafkaChannel, MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS. */
const MIN_INTERVAL_MS = 1_010

const UNSUPPORTED_MECHANISM = 33
const ILLEGAL_STATE = 34
const REFUSED = 58

export interface SaslSessionOptions {
  readonly credentials: SaslCredentials
  /** How texts name the broker. */
  readonly broker: string
  /** Aborted when the client closes. */
  readonly closing: AbortSignal
  /** Sends on the connection, past requests that wait for this. */
  readonly send: <Response>(request: ApiRequest<Response>) => Promise<Response>
}

/**
 * One connection's authentication. A broker with `connections.max.reauth.ms` closes a connection that sends requests after its session
 * has ended, but takes a new handshake at any time: when the session {@link isDue}, nothing else may be sent before {@link authenticate}.
 */
export class SaslSession {
  readonly #options: SaslSessionOptions
  #prepared: SaslExchange | null = null
  /** When the broker had answered the last handshake, so that no delay on the way makes the interval shorter for the broker. */
  #handshakeAt = -Infinity
  #dueAt = Infinity

  constructor(options: SaslSessionOptions) {
    this.#options = options
  }

  /** Whether to authenticate again before the next request. */
  get isDue(): boolean {
    return this.#dueAt !== Infinity && monotonic() >= this.#dueAt
  }

  /** Gets a token where one is needed, so that no broker has to wait for it, and none is asked without. */
  async prepare(): Promise<void> {
    this.#prepared = await this.#start()
  }

  /** @throws KafkaError with the broker's reason */
  async authenticate(): Promise<void> {
    const exchange = this.#prepared ?? (await this.#start())
    this.#prepared = null
    const early = this.#handshakeAt + MIN_INTERVAL_MS - monotonic()
    if (early > 0) await sleep(early, this.#options.closing)
    await this.#handshake()
    this.#handshakeAt = monotonic()
    const lifetimeMs = await this.#exchange(exchange)
    this.#dueAt = lifetimeMs <= 0 ? Infinity : this.#handshakeAt + usableMs(lifetimeMs)
  }

  #start(): Promise<SaslExchange> {
    return startExchange(this.#options.credentials, this.#options.closing)
  }

  async #handshake(): Promise<void> {
    const { credentials, send } = this.#options
    const { error, mechanisms } = await send(saslHandshake(credentials.mechanism))
    if (error === 0) return
    if (error === UNSUPPORTED_MECHANISM) {
      throw this.#failed(
        error,
        `it does not offer ${credentials.mechanism}, only ${mechanisms.join(', ')}. Set sasl.mechanism to one of these`,
      )
    }
    throw this.#failed(error, null)
  }

  /** @returns the lifetime of the session; 0: it does not end */
  async #exchange(exchange: SaslExchange): Promise<number> {
    let message: Buffer | null = exchange.first
    let lifetimeMs = 0
    while (message !== null) {
      const { error, errorMessage, authBytes, sessionLifetimeMs }: SaslAuthenticateResponse = await this.#options.send(
        saslAuthenticate(message),
      )
      if (error !== 0) throw this.#failed(error, errorMessage)
      lifetimeMs = sessionLifetimeMs
      message = await this.#answer(exchange, authBytes)
    }
    return lifetimeMs
  }

  async #answer(exchange: SaslExchange, challenge: Buffer): Promise<Buffer | null> {
    try {
      return await exchange.answer(challenge)
    } catch (error) {
      throw this.#failed(REFUSED, asKafkaError(error).message)
    }
  }

  #failed(error: number, reason: string | null): KafkaError {
    const { broker, credentials } = this.#options
    const words = reason === null ? kafkaError(error).message : refusalInWords(reason)
    const advice = error === ILLEGAL_STATE ? ' The port may not use SASL: check security.protocol' : ''
    const message = `Authentication with ${credentials.mechanism} failed at ${broker}: ${words}${advice}`
    return error === ILLEGAL_STATE || error === UNSUPPORTED_MECHANISM ? kafkaError(error, { message }) : saslAuthenticationFailed(message)
  }
}

/** How much of a session is used. */
function usableMs(lifetimeMs: number): number {
  const share = lifetimeMs * (RENEW_FROM + RENEW_WITHIN * Math.random())
  return Math.min(share, Math.max(lifetimeMs - MIN_RESERVE_MS, lifetimeMs / 2))
}
