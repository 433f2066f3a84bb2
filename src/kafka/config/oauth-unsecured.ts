import { bearerToken, type BearerToken } from './oauth-token.ts'

const PREFIX = 'unsecuredLogin'
const DEFAULT_LIFETIME_SECONDS = 3600

/** Whether a login line asks for a token that nobody signs. */
export function isUnsecuredLogin(options: ReadonlyMap<string, string>): boolean {
  return [...options.keys()].some((name) => name.startsWith(PREFIX))
}

/** A token that the client makes itself, for development: anyone can. OAuthBearerUnsecuredLoginCallbackHandler. */
export function unsecuredToken(options: ReadonlyMap<string, string>, scopeClaim: string, now: number): BearerToken {
  const lifetime = Number(options.get(`${PREFIX}LifetimeSeconds`) ?? DEFAULT_LIFETIME_SECONDS)
  const subject = options.get(`${PREFIX}PrincipalClaimName`) ?? 'sub'
  const scope = options.get(`${PREFIX}ScopeClaimName`) ?? scopeClaim
  const iat = now / 1000
  const claims = { ...claimsOf(options, scope), iat, exp: iat + lifetime }
  return bearerToken(`${part({ alg: 'none' })}.${part(claims)}.`, { subject, expiresInSeconds: null, now })
}

/** `…StringClaim_x`, `…NumberClaim_x` and `…ListClaim_x`, whose value begins with its separator. */
function claimsOf(options: ReadonlyMap<string, string>, scope: string): Record<string, unknown> {
  const claims: Record<string, unknown> = {}
  for (const [option, value] of options) {
    const [, kind, name] = /^unsecuredLogin(String|Number|List)Claim_(.+)$/.exec(option) ?? []
    if (name === undefined || ['iat', 'exp'].includes(name)) continue
    if (kind === 'String') claims[name] = value
    else if (kind === 'Number') claims[name] = Number(value)
    else claims[name] = listOf(value, name === scope)
  }
  return claims
}

function listOf(value: string, isScope: boolean): readonly string[] {
  const separator = value.slice(0, 1)
  if (value === '') return []
  return (isScope && /\w/.test(separator) ? value.split(/\s+/) : value.slice(1).split(separator)).filter((item) => item !== '')
}

function part(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url')
}
