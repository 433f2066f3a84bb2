import type { Logger } from '../../api/logger.ts'
import { asKafkaError } from '../errors.ts'
import type { BearerToken, TokenSource } from './oauth-token.ts'

/** `sasl.login.refresh.*`. */
export interface RefreshSettings {
  readonly windowFactor: number
  readonly windowJitter: number
  readonly minPeriodMs: number
  readonly bufferMs: number
}

/** How long an old token is used after it could not be renewed, before that is tried again. */
const NEXT_RENEWAL_AFTER_MS = 10_000

/**
 * One token for all connections of a client. Renewed when a connection needs one after most of the token's lifetime, so that an idle
 * client asks nobody; a token that cannot be renewed is used while it is valid.
 */
export class RenewedTokens implements TokenSource {
  readonly #fetch: (signal: AbortSignal) => Promise<BearerToken>
  readonly #settings: RefreshSettings
  readonly #log: Logger
  #token: BearerToken | null = null
  #renewAt = 0
  #renewal: Promise<BearerToken> | null = null

  constructor(fetch: (signal: AbortSignal) => Promise<BearerToken>, settings: RefreshSettings, log: Logger) {
    this.#fetch = fetch
    this.#settings = settings
    this.#log = log
  }

  token(signal: AbortSignal): Promise<BearerToken> {
    if (this.#token !== null && Date.now() < this.#renewAt) return Promise.resolve(this.#token)
    return (this.#renewal ??= this.#renew(signal).finally(() => (this.#renewal = null)))
  }

  async #renew(signal: AbortSignal): Promise<BearerToken> {
    try {
      const token = await this.#fetch(signal)
      const now = Date.now()
      this.#renewAt = renewalTime(token, this.#settings, now)
      this.#token = token
      this.#log.debug(
        `OAuth token of ${token.principal ?? 'the client'} is valid until ${iso(token.expiresAt)}, renewed after ${iso(this.#renewAt)}`,
      )
      return token
    } catch (error) {
      const old = this.#token
      if (old === null || Date.now() >= old.expiresAt || signal.aborted) throw error
      this.#renewAt = Date.now() + NEXT_RENEWAL_AFTER_MS
      this.#log.warn(
        `The OAuth token could not be renewed; the old one is used until ${iso(old.expiresAt)}. ${asKafkaError(error).message}`,
      )
      return old
    }
  }
}

/** Apache Kafka 4.3, ExpiringCredentialRefreshingLogin#refreshMs. */
export function renewalTime(token: BearerToken, settings: RefreshSettings, now: number): number {
  const { windowFactor, windowJitter, minPeriodMs, bufferMs } = settings
  const share = windowFactor + windowJitter * Math.random()
  if (now + minPeriodMs + bufferMs > token.expiresAt) return now + (token.expiresAt - now) * share
  const start = token.issuedAt ?? now
  const proposed = start + (token.expiresAt - start) * share
  return Math.max(Math.min(proposed, token.expiresAt - bufferMs), now + minPeriodMs)
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
