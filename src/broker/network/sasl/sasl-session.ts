import type { Reader } from '../../../kafka/protocol/reader.ts'
import { decodeRequest } from '../../protocol/codec.ts'
import { Errors } from '../../protocol/errors.ts'
import type { ApiName, ResponseMessages } from '../../protocol/messages.ts'
import { InvalidRequest } from '../invalid-request.ts'
import { responseFrame, type RequestHeader } from '../request-header.ts'
import { PlainServerExchange } from './plain-exchange.ts'
import { SaslFailure, type SaslServerExchange, type SaslStep } from './sasl-exchange.ts'
import type { SaslUsers } from './sasl-users.ts'
import { ScramServerExchange } from './scram-exchange.ts'

export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export interface SaslOptions {
  /** `sasl.enabled.mechanisms` */
  readonly mechanisms: readonly SaslMechanism[]
  readonly users: SaslUsers
  /** `connections.max.reauth.ms`: how long an authentication holds. Default 0: as long as the connection. */
  readonly maxReauthMs?: number
}

interface Identity {
  readonly user: string
  readonly mechanism: SaslMechanism
  readonly expiresAtMs: number
}

type Parts = readonly Buffer[]

/**
 * Authentication of one connection, as Kafka's SaslServerAuthenticator does it. It begins with SaslHandshake, which names the mechanism; then
 * come the mechanism's tokens, in SaslAuthenticate requests or (after a handshake of version 0) as bare frames. Once the user is known, other
 * requests are answered. With `maxReauthMs` the client begins again on the same connection before its time is over (KIP-368).
 */
export class SaslSession {
  readonly #options: SaslOptions
  #mechanism: SaslMechanism | null = null
  #exchange: SaslServerExchange | null = null
  #hasBareTokens = false
  #identity: Identity | null = null
  #isFailed = false

  constructor(options: SaslOptions) {
    this.#options = options
  }

  get principal(): string | null {
    return this.#identity === null ? null : `User:${this.#identity.user}`
  }

  /** The last answer said so, and the connection ends with it. */
  get isFailed(): boolean {
    return this.#isFailed
  }

  /** The next frame is a token without a header. */
  get expectsToken(): boolean {
    return this.#exchange !== null && this.#hasBareTokens
  }

  /** @throws InvalidRequest: the client is not authenticated, or not any more */
  checkMayAsk(api: ApiName): void {
    if (this.#exchange !== null || this.#identity === null) throw new InvalidRequest(`${api} came before SASL authentication was done`)
    if (Date.now() > this.#identity.expiresAtMs)
      throw new InvalidRequest(`${api} came after the SASL session had expired (connections.max.reauth.ms)`)
  }

  answerHandshake({ version, correlationId }: RequestHeader, reader: Reader): Parts {
    const { mechanism } = decodeRequest('SaslHandshake', servedUpTo('SaslHandshake', 1, version), reader)
    return responseFrame('SaslHandshake', version, correlationId, this.#handshake(mechanism, version))
  }

  #handshake(mechanism: string, version: number): ResponseMessages['SaslHandshake'] {
    const mechanisms = [...this.#options.mechanisms]
    const isDone = this.#identity !== null && (this.#options.maxReauthMs ?? 0) === 0
    if (isDone || this.#exchange !== null) return { errorCode: Errors.ILLEGAL_SASL_STATE, mechanisms: [] }
    const chosen = mechanisms.find((enabled) => enabled === mechanism)
    if (chosen === undefined) {
      this.#isFailed = true
      return { errorCode: Errors.UNSUPPORTED_SASL_MECHANISM, mechanisms }
    }
    this.#mechanism = chosen
    this.#exchange = serverExchange(chosen, this.#options.users)
    this.#hasBareTokens = version === 0
    return { errorCode: Errors.NONE, mechanisms }
  }

  async answerAuthenticate({ version, correlationId }: RequestHeader, reader: Reader): Promise<Parts> {
    const { authBytes } = decodeRequest('SaslAuthenticate', servedUpTo('SaslAuthenticate', 2, version), reader)
    return responseFrame('SaslAuthenticate', version, correlationId, await this.#authenticate(authBytes))
  }

  async #authenticate(token: Buffer): Promise<ResponseMessages['SaslAuthenticate']> {
    if (this.#exchange === null) {
      const errorMessage = 'SaslAuthenticate request received without a SaslHandshake before it, or after successful authentication'
      return { errorCode: Errors.ILLEGAL_SASL_STATE, errorMessage, authBytes: Buffer.alloc(0) }
    }
    try {
      const authBytes = await this.#step(this.#exchange, token)
      return { errorCode: Errors.NONE, errorMessage: null, authBytes, sessionLifetimeMs: this.#lifetimeMs() }
    } catch (error) {
      if (!(error instanceof SaslFailure)) throw error
      this.#isFailed = true
      return { errorCode: Errors.SASL_AUTHENTICATION_FAILED, errorMessage: error.message, authBytes: Buffer.alloc(0) }
    }
  }

  /** @throws InvalidRequest when authentication fails: there is no place for an error */
  async answerToken(token: Buffer): Promise<Parts> {
    if (this.#exchange === null) throw new InvalidRequest('no SASL mechanism was chosen')
    try {
      const answer = await this.#step(this.#exchange, token)
      const length = Buffer.alloc(4)
      length.writeInt32BE(answer.length)
      return [length, answer]
    } catch (error) {
      if (error instanceof SaslFailure) throw new InvalidRequest(error.message, { cause: error })
      throw error
    }
  }

  async #step(exchange: SaslServerExchange, token: Buffer): Promise<Buffer> {
    const { answer, user }: SaslStep = await exchange.step(token)
    if (user !== null) this.#complete(user)
    return answer
  }

  #complete(user: string): void {
    const { maxReauthMs = 0 } = this.#options
    const mechanism = this.#mechanism
    if (mechanism === null) throw new InvalidRequest('no SASL mechanism was chosen')
    const before = this.#identity
    if (before !== null && (before.user !== user || before.mechanism !== mechanism))
      throw new SaslFailure(`Cannot change principals during re-authentication from ${before.user}: ${user}`)
    this.#identity = { user, mechanism, expiresAtMs: maxReauthMs === 0 ? Infinity : Date.now() + maxReauthMs }
    this.#exchange = null
  }

  #lifetimeMs(): number {
    return this.#exchange === null ? (this.#options.maxReauthMs ?? 0) : 0
  }
}

function servedUpTo(api: ApiName, last: number, version: number): number {
  if (version < 0 || version > last) throw new InvalidRequest(`${api} is served in versions 0 to ${last}, not in ${version}`)
  return version
}

function serverExchange(mechanism: SaslMechanism, users: SaslUsers): SaslServerExchange {
  return mechanism === 'PLAIN' ? new PlainServerExchange(users) : new ScramServerExchange(users, mechanism)
}
