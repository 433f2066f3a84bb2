import type { BearerToken } from '../config/oauth-token.ts'
import { saslAuthenticationFailed } from '../errors.ts'
import type { SaslExchange } from './sasl-exchange.ts'

const SEPARATOR = '\x01'

/** OAUTHBEARER (RFC 7628): the token in one message. A broker that refuses it says why in JSON, and wants an empty answer to that. */
export class OAuthBearerExchange implements SaslExchange {
  readonly first: Buffer
  #refusal: string | null = null

  constructor(token: BearerToken, extensions: ReadonlyMap<string, string>) {
    const parts = [`auth=Bearer ${token.value.value()}`, ...[...extensions].map(([name, value]) => `${name}=${value}`)]
    this.first = Buffer.from(['n,,', ...parts, SEPARATOR].join(SEPARATOR))
  }

  answer(challenge: Buffer): Promise<Buffer | null> {
    if (this.#refusal !== null) throw saslAuthenticationFailed(this.#refusal)
    if (challenge.length === 0) return Promise.resolve(null)
    this.#refusal = refusalInWords(challenge.toString())
    return Promise.resolve(Buffer.from(SEPARATOR))
  }
}

/** @param json such as `{"status":"invalid_token","scope":"kafka"}` */
export function refusalInWords(json: string): string {
  const reason = (() => {
    try {
      return JSON.parse(json) as unknown
    } catch {
      return null // not JSON: shown as it is
    }
  })()
  if (typeof reason !== 'object' || reason === null) return json
  return Object.entries(reason)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(', ')
}
