import { Password } from '../../api/config/password.ts'
import { saslAuthenticationFailed } from '../errors.ts'

/** What a broker lets its bearer in with. */
export interface BearerToken {
  readonly value: Password
  /** Whose it is, for texts; null: the token does not say. */
  readonly principal: string | null
  /** Milliseconds since 1970; null: the token does not say. */
  readonly issuedAt: number | null
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Where a client's connections get tokens. */
export interface TokenSource {
  /**
   * A token that is valid and not about to expire.
   * @param signal gives up
   * @throws KafkaError: `auth` when the token endpoint refuses, retriable when it cannot be reached
   */
  token(signal: AbortSignal): Promise<BearerToken>
}

export interface TokenClaims {
  /** `sasl.oauthbearer.sub.claim.name`. */
  readonly subject: string
  /** Seconds that the endpoint says the token lives, for one that does not say it itself; null: it did not. */
  readonly expiresInSeconds: number | null
  readonly now: number
}

/**
 * What a token says of itself. The broker verifies it: here only its lifetime is of interest.
 * @throws KafkaError for a token without an end, or one that has ended
 */
export function bearerToken(text: string, { subject, expiresInSeconds, now }: TokenClaims): BearerToken {
  const claims = payloadOf(text)
  const expires = seconds(claims.exp) ?? (expiresInSeconds === null ? null : now + expiresInSeconds * 1000)
  if (expires === null)
    throw saslAuthenticationFailed('The OAuth token is no JWT with an exp claim, and the token endpoint does not say when it expires')
  if (expires <= now) {
    throw saslAuthenticationFailed(
      `The OAuth token expired on ${new Date(expires).toISOString()}, and it is ${new Date(now).toISOString()} here. Check the clocks of both sides`,
    )
  }
  const principal = claims[subject]
  return {
    value: new Password(text),
    principal: typeof principal === 'string' ? principal : null,
    issuedAt: seconds(claims.iat),
    expiresAt: expires,
  }
}

function seconds(claim: unknown): number | null {
  return typeof claim === 'number' ? claim * 1000 : null
}

/** Claims of a JWT; none for a token of another kind. */
function payloadOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const payload: unknown = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString())
    return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {}
  } catch {
    return {} // an opaque token, which only its issuer can read
  }
}
