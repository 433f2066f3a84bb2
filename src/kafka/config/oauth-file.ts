import { readFile } from 'node:fs/promises'
import { saslAuthenticationFailed } from '../errors.ts'
import { bearerToken, type BearerToken } from './oauth-token.ts'

/** A token that someone else puts into a file, such as Kubernetes. Read whenever a new one is due. */
export async function tokenFromFile(url: URL, subject: string): Promise<BearerToken> {
  const text = await readFile(url, 'utf8').catch((error: unknown) => {
    throw saslAuthenticationFailed(
      `The OAuth token cannot be read from ${url.href}: ${String(error)}. Check sasl.oauthbearer.token.endpoint.url`,
      error,
    )
  })
  return bearerToken(text.trim(), { subject, expiresInSeconds: null, now: Date.now() })
}
