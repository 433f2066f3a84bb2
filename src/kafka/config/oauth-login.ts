import type { ConnectionOptions } from 'node:tls'
import { Password } from '../../api/config/password.ts'
import { ConfigDef } from '../../api/config/config-def.ts'
import { ConfigException } from '../../api/errors.ts'
import type { Logger } from '../../api/logger.ts'
import type { JaasEntry } from './jaas.ts'
import { tokenFromFile } from './oauth-file.ts'
import { requestToken } from './oauth-endpoint.ts'
import { RenewedTokens } from './oauth-renewal.ts'
import { bearerToken, type BearerToken, type TokenSource } from './oauth-token.ts'
import { isUnsecuredLogin, unsecuredToken } from './oauth-unsecured.ts'
import { sslKeys } from './ssl-keys.ts'
import { tlsOptions } from './tls.ts'

export interface OAuthKeys {
  readonly 'sasl.login.callback.handler.class': string | null
  readonly 'sasl.oauthbearer.jwt.retriever.class': string
  readonly 'sasl.oauthbearer.jwt.validator.class': string
  readonly 'sasl.oauthbearer.token.endpoint.url': string | null
  readonly 'sasl.oauthbearer.client.credentials.client.id': string | null
  readonly 'sasl.oauthbearer.client.credentials.client.secret': Password | null
  readonly 'sasl.oauthbearer.scope': string | null
  readonly 'sasl.oauthbearer.header.urlencode': boolean
  readonly 'sasl.oauthbearer.scope.claim.name': string
  readonly 'sasl.oauthbearer.sub.claim.name': string
  readonly 'sasl.login.connect.timeout.ms': number | null
  readonly 'sasl.login.read.timeout.ms': number | null
  readonly 'sasl.login.retry.backoff.ms': number
  readonly 'sasl.login.retry.backoff.max.ms': number
  readonly 'sasl.login.refresh.window.factor': number
  readonly 'sasl.login.refresh.window.jitter': number
  readonly 'sasl.login.refresh.min.period.seconds': number
  readonly 'sasl.login.refresh.buffer.seconds': number
}

const ENDPOINT_KEY = 'sasl.oauthbearer.token.endpoint.url'
const endpointTls = new ConfigDef(sslKeys)

/** How the tokens of a login line are had. @throws ConfigException for what is missing or not supported */
export async function oauthTokens(config: OAuthKeys, { options }: JaasEntry, log: Logger): Promise<TokenSource> {
  checkClasses(config)
  const fetch = await fetchOf(config, options, log)
  const settings = {
    windowFactor: config['sasl.login.refresh.window.factor'],
    windowJitter: config['sasl.login.refresh.window.jitter'],
    minPeriodMs: config['sasl.login.refresh.min.period.seconds'] * 1000,
    bufferMs: config['sasl.login.refresh.buffer.seconds'] * 1000,
  }
  return new RenewedTokens(fetch, settings, log)
}

type Fetch = (signal: AbortSignal) => Promise<BearerToken>

async function fetchOf(config: OAuthKeys, options: ReadonlyMap<string, string>, log: Logger): Promise<Fetch> {
  const handler = config['sasl.login.callback.handler.class']
  const endpoint = config[ENDPOINT_KEY]
  const subject = config['sasl.oauthbearer.sub.claim.name']
  if (isUnsecuredLogin(options) && (endpoint === null || handler?.endsWith('UnsecuredLoginCallbackHandler') === true)) {
    log.warn('sasl.jaas.config makes its own OAuth token, which nobody signs. Use it for development only: anyone can make such a token')
    return () => Promise.resolve(unsecuredToken(options, config['sasl.oauthbearer.scope.claim.name'], Date.now()))
  }
  if (endpoint === null) {
    throw ConfigException.forKey(
      ENDPOINT_KEY,
      null,
      'sasl.mechanism is OAUTHBEARER, and the token endpoint is not known. Set the key to its URL',
    )
  }
  const url = endpointUrl(endpoint)
  if (url.protocol === 'file:') return () => tokenFromFile(url, subject)
  const request = {
    url,
    clientId: credential(config['sasl.oauthbearer.client.credentials.client.id'], options, 'clientId', 'id'),
    clientSecret: new Password(
      credential(config['sasl.oauthbearer.client.credentials.client.secret']?.value() ?? null, options, 'clientSecret', 'secret'),
    ),
    scope: blankAsNull(config['sasl.oauthbearer.scope'] ?? options.get('scope')),
    isHeaderUrlEncoded: config['sasl.oauthbearer.header.urlencode'],
    connectTimeoutMs: config['sasl.login.connect.timeout.ms'],
    readTimeoutMs: config['sasl.login.read.timeout.ms'],
    retryBackoffMs: config['sasl.login.retry.backoff.ms'],
    retryBackoffMaxMs: config['sasl.login.retry.backoff.max.ms'],
    tls: await tlsOfEndpoint(options, log),
  }
  return async (signal) => {
    const { token, expiresIn } = await requestToken(request, signal)
    return bearerToken(token, { subject, expiresInSeconds: expiresIn, now: Date.now() })
  }
}

/** The endpoint has its own TLS keys, among the options of the login line. */
function tlsOfEndpoint(options: ReadonlyMap<string, string>, log: Logger): Promise<ConnectionOptions> {
  const props = Object.fromEntries([...options].filter(([name]) => name.startsWith('ssl.')))
  return tlsOptions(endpointTls.parse(props), log)
}

function endpointUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && ['http:', 'https:', 'file:'].includes(url.protocol)) return url
  throw ConfigException.forKey(ENDPOINT_KEY, text, 'not a URL that begins with https://, http:// or file://')
}

function credential(configured: string | null, options: ReadonlyMap<string, string>, name: string, suffix: string): string {
  const value = configured ?? options.get(name)
  if (value !== undefined) return value
  const key = `sasl.oauthbearer.client.credentials.client.${suffix}`
  throw new ConfigException(`Could not find OAuth configuration for ${key} or OAuth JAAS configuration for ${name}. Set one of them`)
}

function blankAsNull(text: string | undefined): string | null {
  return text === undefined || text.trim() === '' ? null : text.trim()
}

/** Java's own classes only, which are built in here. */
function checkClasses(config: OAuthKeys): void {
  const refuse = (key: keyof OAuthKeys, value: string | null, known: RegExp, advice: string): void => {
    if (value === null || value === '' || known.test(value)) return
    throw ConfigException.forKey(key, value, `Java classes cannot be loaded. ${advice}`)
  }
  const handlers = /(^|\.)OAuthBearer(Unsecured)?LoginCallbackHandler$/
  const advice = `Set org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler, with ${ENDPOINT_KEY}, clientId and clientSecret`
  refuse('sasl.login.callback.handler.class', config['sasl.login.callback.handler.class'], handlers, advice)
  const retrievers = /\.(Default|ClientCredentials|File)JwtRetriever$/
  refuse(
    'sasl.oauthbearer.jwt.retriever.class',
    config['sasl.oauthbearer.jwt.retriever.class'],
    retrievers,
    'Set org.apache.kafka.common.security.oauthbearer.ClientCredentialsJwtRetriever',
  )
  refuse(
    'sasl.oauthbearer.jwt.validator.class',
    config['sasl.oauthbearer.jwt.validator.class'],
    /\.(Default|Client)JwtValidator$/,
    'Remove the key: the broker validates tokens',
  )
}
