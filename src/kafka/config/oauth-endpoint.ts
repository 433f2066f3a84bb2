import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import type { Password } from '../../api/config/password.ts'
import { disconnectException, KafkaError, saslAuthenticationFailed } from '../errors.ts'
import { RetryBackoff } from '../retry-backoff.ts'
import { monotonic, sleep } from '../timer.ts'

export interface TokenEndpointOptions {
  readonly url: URL
  readonly clientId: string
  readonly clientSecret: Password
  /** Null: none is asked for. */
  readonly scope: string | null
  /** `sasl.oauthbearer.header.urlencode`. */
  readonly isHeaderUrlEncoded: boolean
  /** Null: as long as the system waits. */
  readonly connectTimeoutMs: number | null
  readonly readTimeoutMs: number | null
  readonly retryBackoffMs: number
  /** Also how long is tried at all, as Java's clients do. */
  readonly retryBackoffMaxMs: number
  /** For `https`. */
  readonly tls: ConnectionOptions
}

/** An issued token. */
export interface TokenAnswer {
  readonly token: string
  /** Seconds; null: the endpoint does not say. */
  readonly expiresIn: number | null
}

const MAX_ANSWER_BYTES = 1024 * 1024
const MAX_SHOWN_CHARACTERS = 300
const RETRIABLE_STATUS = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Asks for a token with the client's own credentials (RFC 6749, 4.4), again and again while the endpoint cannot be reached.
 * @throws KafkaError: `auth` with the endpoint's reason when it refuses; retriable when it did not answer in time
 */
export async function requestToken(options: TokenEndpointOptions, signal: AbortSignal): Promise<TokenAnswer> {
  const backoff = new RetryBackoff(options.retryBackoffMs, options.retryBackoffMaxMs)
  const end = monotonic() + options.retryBackoffMaxMs
  for (let failures = 1; ; failures++) {
    try {
      return await ask(options, signal)
    } catch (error) {
      signal.throwIfAborted()
      const failure = error instanceof KafkaError ? error : unreachable(options, error)
      const waitMs = backoff.after(failures)
      if (!failure.retriable || monotonic() + waitMs >= end) throw failure
      await sleep(waitMs, signal)
    }
  }
}

async function ask(options: TokenEndpointOptions, signal: AbortSignal): Promise<TokenAnswer> {
  const { status, text } = await post(options, signal)
  if (status === 200 || status === 201) return tokenIn(options, text)
  const message = `The token endpoint ${options.url.href} answered ${status}: ${reasonIn(options, text)}`
  if (RETRIABLE_STATUS.has(status)) throw disconnectException(message)
  throw saslAuthenticationFailed(`${message}. Check client id, client secret, scope and sasl.oauthbearer.token.endpoint.url`)
}

async function post(options: TokenEndpointOptions, signal: AbortSignal): Promise<{ status: number; text: string }> {
  const { url, scope, connectTimeoutMs, readTimeoutMs, tls } = options
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === null ? {} : { scope }) }).toString()
  const settings: RequestOptions = { method: 'POST', headers: headers(options, body), agent: false, signal }
  const request = url.protocol === 'https:' ? httpsRequest(url, { ...settings, ...tls }) : httpRequest(url, settings)
  const waits = new Waits((what, ms) => request.destroy(new Error(`${what} within ${ms} ms`)))
  try {
    waits.start('it could not be connected', connectTimeoutMs)
    request.once('socket', (socket) =>
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => waits.start('it did not answer', readTimeoutMs)),
    )
    request.end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return { status: response.statusCode ?? 0, text: await textOf(response) }
  } finally {
    waits.stop()
  }
}

/** One deadline at a time. */
class Waits {
  readonly #over: (what: string, ms: number) => void
  #timer: NodeJS.Timeout | undefined

  constructor(over: (what: string, ms: number) => void) {
    this.#over = over
  }

  start(what: string, ms: number | null): void {
    this.stop()
    if (ms !== null) this.#timer = setTimeout(() => this.#over(what, ms), ms)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

function headers({ clientId, clientSecret, isHeaderUrlEncoded }: TokenEndpointOptions, body: string): Record<string, string | number> {
  const encoded = (text: string): string => (isHeaderUrlEncoded ? encodeURIComponent(text) : text)
  const credentials = Buffer.from(`${encoded(clientId)}:${encoded(clientSecret.value())}`).toString('base64')
  return {
    accept: 'application/json',
    authorization: `Basic ${credentials}`,
    'cache-control': 'no-cache',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`its answer is larger than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function tokenIn({ url }: TokenEndpointOptions, text: string): TokenAnswer {
  const answer = jsonObject(text)
  const token = answer?.access_token ?? answer?.id_token
  if (typeof token !== 'string' || token.trim() === '') {
    throw saslAuthenticationFailed(
      `The token endpoint ${url.href} answered without an access_token. Check sasl.oauthbearer.token.endpoint.url`,
    )
  }
  const expiresIn = Number(answer?.expires_in ?? Number.NaN)
  return { token: token.trim(), expiresIn: Number.isFinite(expiresIn) ? expiresIn : null }
}

/** The endpoint's own words, of RFC 6749 or Okta's kind, without the secret should it repeat it. */
function reasonIn({ clientSecret }: TokenEndpointOptions, text: string): string {
  const answer = jsonObject(text)
  const code = answer?.error ?? answer?.errorCode
  const description = answer?.error_description ?? answer?.errorSummary
  const said = [code, description].filter((part) => typeof part === 'string').join(' - ')
  const words = said === '' ? text.trim().slice(0, MAX_SHOWN_CHARACTERS) : said
  const secret = clientSecret.value()
  return words === '' ? 'no reason given' : secret === '' ? words : words.replaceAll(secret, '[hidden]')
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : null
  } catch {
    return null // no JSON: the caller says what is missing
  }
}

/** A certificate that is not trusted will not be trusted by waiting. */
function unreachable({ url }: TokenEndpointOptions, error: unknown): KafkaError {
  const { message, code } = error as NodeJS.ErrnoException
  const reason = error instanceof AggregateError && message === '' ? error.errors.map(String).join(', ') : message
  const text = `The token endpoint ${url.href} cannot be reached: ${reason}`
  if (!/CERT|UNABLE_TO_|ERR_TLS|ERR_SSL/.test(code ?? '')) return disconnectException(text, { cause: error })
  return saslAuthenticationFailed(
    `${text}. Put ssl.truststore.location into sasl.jaas.config for an endpoint with a private authority`,
    error,
  )
}
