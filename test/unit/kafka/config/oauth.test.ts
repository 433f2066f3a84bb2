import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseAdminConfig } from '../../../../src/kafka/config/admin-config.ts'
import { renewalTime, RenewedTokens } from '../../../../src/kafka/config/oauth-renewal.ts'
import { bearerToken, type BearerToken } from '../../../../src/kafka/config/oauth-token.ts'
import type { TokenCredentials } from '../../../../src/kafka/config/sasl.ts'
import { clientSecurity } from '../../../../src/kafka/config/security.ts'
import { disconnectException } from '../../../../src/kafka/errors.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'

const MODULE = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule'
const SECRET = 'the-client-secret'
const keyStore = (name: string): string => new URL(`../../../support/key-stores/${name}`, import.meta.url).pathname
const never = new AbortController().signal

/** A token without a signature. */
function jwt(claims: object): string {
  return [{ alg: 'none' }, claims, '']
    .map((part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url'))
    .join('.')
}

const inOneHour = (): number => Math.floor(Date.now() / 1000) + 3600

async function credentials(props: Readonly<Record<string, string>>, options = '', log = new CollectingLogger()): Promise<TokenCredentials> {
  const config = parseAdminConfig(
    {
      'bootstrap.servers': 'a:1',
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.login.retry.backoff.ms': '1',
      'sasl.login.retry.backoff.max.ms': '100',
      'sasl.jaas.config': `${MODULE} required clientId="id" clientSecret="${SECRET}" ${options};`,
      ...props,
    },
    log,
  )
  return (await clientSecurity(config, log)).sasl as TokenCredentials
}

async function listening(server: Server, scheme: string): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/token`
}

/** The token of an endpoint that answers so. */
async function tokenFrom(answer: RequestListener, props: Readonly<Record<string, string>> = {}, options = ''): Promise<BearerToken> {
  const server = createHttpServer(answer)
  onTestFinished(() => server.closeAllConnections())
  const url = await listening(server, 'http')
  const { tokens } = await credentials({ 'sasl.oauthbearer.token.endpoint.url': url, ...props }, options)
  return tokens.token(never)
}

const answering =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  }

describe('a token endpoint', () => {
  it('is asked as RFC 6749 says, and its token read', async () => {
    let asked: unknown
    const token = await tokenFrom(
      (request, response) => {
        request.setEncoding('utf8').on('data', (body) => {
          asked = [request.method, request.headers['content-type'], request.headers.authorization, body]
          response.end(JSON.stringify({ access_token: jwt({ sub: 'me', exp: inOneHour() }) }))
        })
      },
      {},
      'scope="a b"',
    )
    const basic = Buffer.from(`id:${SECRET}`).toString('base64')
    expect(asked).toEqual(['POST', 'application/x-www-form-urlencoded', `Basic ${basic}`, 'grant_type=client_credentials&scope=a+b'])
    expect(token.principal).toBe('me')
  })

  it('gets its credentials URL-encoded where that is asked for', async () => {
    let authorization = ''
    await tokenFrom(
      (request, response) => {
        authorization = request.headers.authorization ?? ''
        response.end(JSON.stringify({ access_token: jwt({ exp: inOneHour() }) }))
      },
      { 'sasl.oauthbearer.header.urlencode': 'true', 'sasl.oauthbearer.client.credentials.client.secret': 'a:b c' },
    )
    expect(Buffer.from(authorization.slice(6), 'base64').toString()).toBe('id:a%3Ab%20c')
  })

  it('may give a token that only it can read, with a lifetime', async () => {
    const { expiresAt, principal } = await tokenFrom(answering(200, { access_token: 'opaque', expires_in: '60' }))
    expect(expiresAt).toBeGreaterThan(Date.now())
    expect(principal).toBeNull()
  })

  it.each([
    [400, { error: 'invalid_scope', error_description: 'no such scope' }, '400: invalid_scope - no such scope'],
    [401, { errorCode: 'E7', errorSummary: 'who are you' }, '401: E7 - who are you'],
    [403, '', '403: no reason given'],
    [404, '<html>not here</html>', '404: <html>not here</html>'],
    [302, '', '302: no reason given'],
    [200, { token: 'x' }, 'answered without an access_token'],
    [200, 'no json', 'answered without an access_token'],
    [200, { access_token: 'opaque' }, 'the token endpoint does not say when it expires'],
    [200, { access_token: jwt({ exp: 1 }) }, 'The OAuth token expired on 1970-01-01T00:00:01.000Z'],
  ])('that answers %s %j is not asked again', async (status, body, reason) => {
    let requests = 0
    const answer: RequestListener = (request, response) => {
      requests++
      answering(status, body)(request, response)
    }
    const failure = await tokenFrom(answer).catch((error: unknown) => error as Error)
    expect(failure).toMatchObject({ auth: true, retriable: false })
    expect((failure as Error).message).toContain(reason)
    expect(requests).toBe(1)
  })

  it('that repeats the secret does not bring it into the error', async () => {
    const failure = await tokenFrom(answering(401, { error: 'bad', error_description: `no client with ${SECRET}` })).catch(
      (error: unknown) => error,
    )
    expect((failure as Error).message).toContain('no client with [hidden]')
  })

  it.each([500, 502, 503, 504, 429])('that answers %s is asked again until it is well', async (status) => {
    let requests = 0
    const wellAtThird: RequestListener = (request, response) => {
      const answer = ++requests < 3 ? answering(status, '') : answering(200, { access_token: jwt({ exp: inOneHour() }) })
      answer(request, response)
    }
    const token = await tokenFrom(wellAtThird, { 'sasl.login.retry.backoff.max.ms': '10000' })
    expect(token.expiresAt).toBeGreaterThan(Date.now())
    expect(requests).toBe(3)
  })

  it('that stays away is a retriable error in the end', async () => {
    const { tokens } = await credentials({ 'sasl.oauthbearer.token.endpoint.url': 'http://127.0.0.1:1/token' })
    await expect(tokens.token(never)).rejects.toMatchObject({
      auth: false,
      retriable: true,
      message: expect.stringMatching(
        /^The token endpoint http:\/\/127\.0\.0\.1:1\/token cannot be reached: connect ECONNREFUSED/,
      ) as string,
    })
  })

  it('that is silent is given up after sasl.login.read.timeout.ms', async () => {
    const failure = await tokenFrom(() => undefined, { 'sasl.login.read.timeout.ms': '20' }).catch((error: unknown) => error)
    expect((failure as Error).message).toContain('it did not answer within 20 ms')
  })

  it('is left when the client closes', async () => {
    const closing = new AbortController()
    const server = createHttpServer(() => closing.abort(new Error('closed')))
    onTestFinished(() => server.closeAllConnections())
    const url = await listening(server, 'http')
    const { tokens } = await credentials({ 'sasl.oauthbearer.token.endpoint.url': url })
    await expect(tokens.token(closing.signal)).rejects.toThrow('closed')
  })

  it('with a private authority is trusted by the ssl options of the login line', async () => {
    const pem = readFileSync(keyStore('server.pem'))
    const url = await listening(
      createHttpsServer({ key: pem, cert: pem }, answering(200, { access_token: jwt({ exp: inOneHour() }) })),
      'https',
    )
    const props = { 'sasl.oauthbearer.token.endpoint.url': url }
    const trusting = await credentials(props, `ssl.truststore.location="${keyStore('trust.jks')}"`)
    expect((await trusting.tokens.token(never)).expiresAt).toBeGreaterThan(Date.now())

    const failure = await (await credentials(props)).tokens.token(never).catch((error: unknown) => error)
    expect(failure).toMatchObject({ auth: true, retriable: false })
    expect((failure as Error).message).toContain('Put ssl.truststore.location into sasl.jaas.config')
  })
})

describe('a token file', () => {
  it('is read again when a new token is due', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'token-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'token')
    const url = { 'sasl.oauthbearer.token.endpoint.url': pathToFileURL(file).href }
    writeFileSync(file, `${jwt({ sub: 'me', exp: inOneHour() })}\n`)
    expect(await (await credentials(url)).tokens.token(never)).toMatchObject({ principal: 'me' })
    rmSync(file)
    await expect((await credentials(url)).tokens.token(never)).rejects.toThrow(/The OAuth token cannot be read from file:.*ENOENT/)
  })
})

describe('renewal of a token', () => {
  const settings = { windowFactor: 0.8, windowJitter: 0, minPeriodMs: 60_000, bufferMs: 300_000 }
  const token = (issuedAt: number | null, expiresAt: number): BearerToken => ({
    ...bearerToken(jwt({ exp: 9e9 }), { subject: 'sub', expiresInSeconds: null, now: 0 }),
    issuedAt,
    expiresAt,
  })

  it.each([
    ['at 80 % of the lifetime', token(0, 10_000_000), 0, 8_000_000],
    ['but not in the buffer before its end', token(0, 1_000_000), 0, 700_000],
    ['nor before the shortest period', token(-10_000_000, 1_000_000), 0, 60_000],
    ['at 80 % of what is left when both do not fit', token(0, 100_000), 50_000, 90_000],
    ['from now on when the token does not say when it was issued', token(null, 10_000_000), 2_000_000, 8_400_000],
  ])('is due %s', (_name, of, now, due) => {
    expect(renewalTime(of, settings, now)).toBeCloseTo(due)
  })

  it('is done once for all connections, and not before it is due', async () => {
    let fetched = 0
    const tokens = new RenewedTokens(
      () =>
        Promise.resolve(
          bearerToken(jwt({ sub: String(++fetched), exp: inOneHour() }), { subject: 'sub', expiresInSeconds: null, now: Date.now() }),
        ),
      settings,
      new CollectingLogger(),
    )
    const all = await Promise.all([tokens.token(never), tokens.token(never)])
    expect(all.concat(await tokens.token(never)).map(({ principal }) => principal)).toEqual(['1', '1', '1'])
  })

  it('that fails leaves the old token in use while it is valid, with a warning', async () => {
    const log = new CollectingLogger()
    const soon = Date.now() / 1000 + 1000
    const answers = [() => bearerToken(jwt({ sub: 'me', exp: soon }), { subject: 'sub', expiresInSeconds: null, now: Date.now() })]
    const fetch = (): Promise<BearerToken> => {
      const next = answers.shift()
      return next === undefined ? Promise.reject(disconnectException('the endpoint is away')) : Promise.resolve(next())
    }
    const tokens = new RenewedTokens(fetch, { windowFactor: -1, windowJitter: 0, minPeriodMs: 0, bufferMs: 0 }, log)
    const first = await tokens.token(never)
    expect(await tokens.token(never)).toBe(first)
    expect(await tokens.token(never)).toBe(first)
    expect(log.lines).toEqual([expect.stringContaining('The OAuth token could not be renewed; the old one is used until') as string])
    expect(log.lines[0]).toContain('the endpoint is away')
  })
})

describe('an unsecured login', () => {
  it('makes the token of the login line, with a warning', async () => {
    const log = new CollectingLogger()
    const line = [
      'unsecuredLoginStringClaim_sub="me" unsecuredLoginNumberClaim_level="7" unsecuredLoginListClaim_roles="|a|b"',
      'unsecuredLoginListClaim_scope="read write" unsecuredLoginLifetimeSeconds="60" unsecuredLoginExtension_trace="t"',
    ].join(' ')
    const { tokens, extensions } = await credentials({ 'sasl.jaas.config': `${MODULE} required ${line};` }, '', log)
    const { value, principal, expiresAt } = await tokens.token(never)
    const [header, claims, signature] = value.value().split('.')
    expect(JSON.parse(Buffer.from(header!, 'base64url').toString())).toEqual({ alg: 'none' })
    expect(JSON.parse(Buffer.from(claims!, 'base64url').toString())).toMatchObject({
      sub: 'me',
      level: 7,
      roles: ['a', 'b'],
      scope: ['read', 'write'],
    })
    expect([signature, principal, Object.fromEntries(extensions)]).toEqual(['', 'me', { trace: 't' }])
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(60_000)
    expect(log.lines).toEqual([expect.stringMatching(/^WARN .*for development only/) as string])
  })
})

describe('OAUTHBEARER keys', () => {
  const endpoint = { 'sasl.oauthbearer.token.endpoint.url': 'http://127.0.0.1:1/token' }

  it('sends extension_ options', async () => {
    const { extensions } = await credentials(endpoint, 'extension_logicalCluster="lkc-1" extension_identityPoolId="p"')
    expect(Object.fromEntries(extensions)).toEqual({ logicalCluster: 'lkc-1', identityPoolId: 'p' })
  })

  it.each([
    [{}, '', 'Invalid value null for configuration sasl.oauthbearer.token.endpoint.url: sasl.mechanism is OAUTHBEARER'],
    [{ 'sasl.oauthbearer.token.endpoint.url': 'ftp://x' }, '', 'not a URL that begins with https://, http:// or file://'],
    [
      { ...endpoint, 'sasl.jaas.config': `${MODULE} required;` },
      '',
      'Could not find OAuth configuration for sasl.oauthbearer.client.credentials.client.id or OAuth JAAS',
    ],
    [
      { ...endpoint, 'sasl.login.callback.handler.class': 'com.example.Handler' },
      '',
      'sasl.login.callback.handler.class: Java classes cannot be loaded. Set org.apache.kafka',
    ],
    [
      { ...endpoint, 'sasl.oauthbearer.jwt.retriever.class': 'org.apache.kafka.common.security.oauthbearer.JwtBearerJwtRetriever' },
      '',
      'Set org.apache.kafka.common.security.oauthbearer.ClientCredentialsJwtRetriever',
    ],
    [endpoint, 'extension_auth="x"', 'extension_auth cannot be sent'],
    [endpoint, 'extension_a1="x"', 'extension_a1 cannot be sent'],
    [endpoint, 'extension_a="ü"', 'extension_a cannot be sent'],
    [
      { ...endpoint, 'sasl.jaas.config': 'org.apache.kafka.common.security.plain.PlainLoginModule required;' },
      '',
      'is not the login module of OAUTHBEARER',
    ],
  ])('refuses %j with %s', async (props, options, reason) => {
    await expect(credentials(props, options)).rejects.toThrow(reason)
  })
})
