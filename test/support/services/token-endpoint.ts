import { createSign, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const KEY_ID = 'test-key'
const AUDIENCE = 'kafka-tests'

/** What the endpoint does with a request for a token, in place of issuing one. */
export interface Fault {
  readonly status: number
  readonly body: object | string
}

/** An OAuth server that issues RS256 tokens by client credentials and tells brokers the key that signed them. */
export class TokenEndpoint {
  static readonly clientId = 'standpipe'
  static readonly clientSecret = 'the=client:secret'
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  /** Bodies of the requests for tokens. */
  readonly requests: string[] = []
  readonly issued: string[] = []
  /** Answers of the next requests, before it goes on as usual. */
  readonly faults: Fault[] = []
  /** Of the tokens that are issued from now on. */
  lifetimeSeconds = 3600
  audience = AUDIENCE

  static async start(): Promise<TokenEndpoint> {
    const endpoint = new TokenEndpoint()
    endpoint.#server.listen(0, '127.0.0.1')
    await once(endpoint.#server, 'listening')
    return endpoint
  }

  get tokenUrl(): string {
    return `${this.#origin}/token`
  }

  get keysUrl(): string {
    return `${this.#origin}/keys`
  }

  static get audience(): string {
    return AUDIENCE
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  get #origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const { status, body: answer } = request.url === '/keys' ? { status: 200, body: this.#publicKeys() } : this.#issue(request, body)
    response.writeHead(status, { 'content-type': 'application/json' }).end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }

  #publicKeys(): object {
    return { keys: [{ ...this.#keys.publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }] }
  }

  #issue(request: IncomingMessage, body: string): Fault {
    this.requests.push(body)
    const fault = this.faults.shift()
    if (fault !== undefined) return fault
    const expected = Buffer.from(`${TokenEndpoint.clientId}:${TokenEndpoint.clientSecret}`).toString('base64')
    if (request.headers.authorization !== `Basic ${expected}`) {
      return { status: 401, body: { error: 'invalid_client', error_description: 'Client authentication failed' } }
    }
    const token = this.#sign()
    this.issued.push(token)
    return { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: this.lifetimeSeconds } }
  }

  #sign(): string {
    const iat = Math.floor(Date.now() / 1000)
    const claims = { sub: 'oauth-user', scope: 'kafka', aud: this.audience, iss: 'test', iat, exp: iat + this.lifetimeSeconds }
    const signed = [{ alg: 'RS256', kid: KEY_ID, typ: 'JWT' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(this.#keys.privateKey, 'base64url')}`
  }
}
