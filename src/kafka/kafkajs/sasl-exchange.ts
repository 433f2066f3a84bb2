import type { SaslCredentials } from '../config/sasl.ts'
import { OAuthBearerExchange } from './oauthbearer.ts'
import { ScramExchange } from './scram.ts'

/** The client's side of one authentication. Used once, and again by a new one. */
export interface SaslExchange {
  readonly first: Buffer
  /**
   * @param challenge the broker's answer to the message before; it is looked at even when it should be empty
   * @returns the next message; null: the exchange is over and the broker is who it should be
   * @throws KafkaError for a broker that does not follow the mechanism, or does not prove that it knows the password
   */
  answer(challenge: Buffer): Promise<Buffer | null>
}

/** Gets ready what is sent first; with OAUTHBEARER that may ask the token endpoint. */
export async function startExchange(credentials: SaslCredentials, closing: AbortSignal): Promise<SaslExchange> {
  if (credentials.mechanism === 'OAUTHBEARER') {
    const token = await credentials.tokens.token(closing)
    return new OAuthBearerExchange(token, credentials.extensions)
  }
  const { mechanism, username, password } = credentials
  if (mechanism !== 'PLAIN') return new ScramExchange({ ...credentials, mechanism })
  return { first: Buffer.from(`\0${username}\0${password.value()}`), answer: () => Promise.resolve(null) }
}
