import { STATUS_CODES } from 'node:http'
import { isObject, parsedJson, readServerError, type ServerError } from '../bulk/bulk-answer.ts'
import { RequestFailure, type RequestFailureKind } from './request-failure.ts'
import { nestedErrorText } from './server-error-text.ts'

/** Where a request went. `path` is what messages show. */
export interface RequestPlace {
  readonly method: string
  readonly path: string
  /** Without user and password. */
  readonly host: string
  readonly readTimeoutMs: number
}

const notSent: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT', 'EPROTO', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED'],
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_GET_ISSUER_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'],
])
const longestExcerpt = 500

/** The failure of a request that was not answered. @param error as the client threw it */
export function failureWithoutAnswer(error: Error, place: RequestPlace): RequestFailure {
  const root = rootOf(error)
  const kind = kindOf(error.name, codeOf(root))
  const why = kind === 'timeout' ? `no answer within read.timeout.ms=${place.readTimeoutMs}` : root.message
  return new RequestFailure({
    kind,
    message: `${place.method} ${place.host}${place.path}: ${why}`,
    javaText: javaTextOf(kind, root, place),
  })
}

/** The failure of a request that was answered with this status. */
export function failureOfStatus(
  status: number,
  headers: Readonly<Record<string, unknown>>,
  body: string,
  place: RequestPlace,
): RequestFailure {
  const serverError = errorIn(body)
  const { method, path, host } = place
  const exchange = `method [${method}], host [${host}], URI [${path}], status line [HTTP/1.1 ${status} ${reasonPhrase(status)}]`
  const said = serverError === null ? excerpt(body) : `${serverError.type}: ${serverError.reason}`
  return new RequestFailure({
    kind: 'status',
    status,
    serverError,
    retryAfterMs: retryAfterMs(headers['retry-after']),
    message: `${method} ${host}${path}: HTTP ${status}${said === '' ? '' : ` ${said}`}`,
    javaText:
      serverError === null ? javaStatusText(method, exchange, excerpt(body)) : nestedErrorText(serverError, 'ElasticsearchStatusException'),
  })
}

/** The failure of a request whose answer is cut off or is no answer to it. */
export function failureOfAnswer(what: string, place: RequestPlace): RequestFailure {
  return new RequestFailure({
    kind: 'unreadable',
    message: `${place.method} ${place.host}${place.path}: ${what}`,
    javaText: `java.io.IOException: Unable to parse response body for Response{requestLine=${place.method} ${place.path} HTTP/1.1, host=${place.host}, response=HTTP/1.1 200 OK}`,
  })
}

function rootOf(error: Error): Error {
  let root = error
  while (root.cause instanceof Error) root = root.cause
  return root
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function kindOf(name: string, code: string): RequestFailureKind {
  if (name === 'RequestAbortedError') return 'aborted'
  if (name === 'TimeoutError') return 'timeout'
  return notSent.has(code) || code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') ? 'unreachable' : 'disconnected'
}

function errorIn(body: string): ServerError | null {
  const answer = parsedJson(body)
  return isObject(answer) && answer['error'] !== undefined ? readServerError(answer['error']) : null
}

/** Seconds, or a date. */
function retryAfterMs(header: unknown): number | null {
  if (typeof header !== 'string') return null
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(at - Date.now(), 0)
}

function excerpt(body: string): string {
  return body.length > longestExcerpt ? `${body.slice(0, longestExcerpt)}…` : body
}

function javaTextOf(kind: RequestFailureKind, root: Error, place: RequestPlace): string {
  const code = codeOf(root)
  if (kind === 'timeout') {
    return `java.net.SocketTimeoutException: ${place.readTimeoutMs.toLocaleString('en-US')} milliseconds timeout on connection http-outgoing-0 [ACTIVE]`
  }
  if (code === 'ECONNREFUSED') return 'java.net.ConnectException: Connection refused'
  if (code === 'ENOTFOUND') return `java.net.UnknownHostException: ${'hostname' in root ? String(root.hostname) : place.host}`
  if (code === 'ECONNRESET') return 'java.io.IOException: Connection reset'
  if (code === 'UND_ERR_SOCKET') return 'org.apache.http.ConnectionClosedException: Connection is closed'
  return `java.io.IOException: ${root.message}`
}

/** An answer without an error object. */
function javaStatusText(method: string, exchange: string, body: string): string {
  if (method === 'HEAD') return `ElasticsearchStatusException[${exchange}]; nested: ResponseException[${exchange}];`
  return `ElasticsearchStatusException[Unable to parse response body]; nested: ResponseException[${exchange}\n${body}];`
}

/** Elasticsearch's phrase for 413 is the old one. */
function reasonPhrase(status: number): string {
  return status === 413 ? 'Request Entity Too Large' : (STATUS_CODES[status] ?? '')
}
