import { errors, UndiciConnection, type ConnectionRequestParams, type ConnectionRequestResponse } from '@elastic/elasticsearch'

type Request = UndiciConnection['request']

/** Refused by `fetch`-like clients: what a path may not hold. */
const unsafePath = /[^\u0021-\u00ff]/

/**
 * The client's connection by undici, which keeps what went wrong: the one that comes with the client throws the error code away,
 * and with it whether a request was sent at all.
 */
export class ElasticConnection extends UndiciConnection {
  // Declared as the base's overloads are; answers as streams, which the second one is for, are never asked for here.
  override request = (async (params, options) => await this.#request(params, options.signal)) as Request

  async #request(params: ConnectionRequestParams, signal: AbortSignal | undefined): Promise<ConnectionRequestResponse> {
    const { pathname, origin } = this.url
    const path = `${pathname.replace(/\/$/, '')}${params.path}${params.querystring ? `?${params.querystring}` : ''}`
    if (unsafePath.test(path)) throw new TypeError(`ERR_UNESCAPED_CHARACTERS: ${path}`)
    try {
      const response = await this.pool.request({
        origin,
        path,
        method: params.method,
        headers: { ...this.headers, ...params.headers },
        body: params.body ?? null,
        ...(signal === undefined ? {} : { signal }),
      })
      const isText = response.headers['content-encoding'] === undefined
      const body = isText ? await response.body.text() : Buffer.from(await response.body.arrayBuffer())
      return { statusCode: response.statusCode, headers: response.headers, body }
    } catch (error) {
      throw connectionError(error)
    }
  }
}

/** In the client's classes, which decide whether another node is asked; the cause is kept. */
function connectionError(error: unknown): Error {
  const cause = error instanceof Error ? error : new Error(String(error))
  switch ('code' in cause ? cause.code : undefined) {
    case 'UND_ERR_ABORTED':
    case DOMException.ABORT_ERR:
      return new errors.RequestAbortedError('Request aborted', undefined, because(cause))
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return new errors.TimeoutError('Request timed out', undefined, because(cause))
    default:
      return new errors.ConnectionError(cause.message, undefined, because(cause))
  }
}

/**
 * The client's errors end in `ElasticsearchClient`, which makes others of them without headers. Else the client would copy all they hold, and
 * a body of 500 KB, byte by byte, into an object of 50 MB.
 */
export const noRedaction = { type: 'off' } as const

/** The declared options leave the cause out; the classes take it. */
function because(cause: Error): NonNullable<ConstructorParameters<typeof errors.TimeoutError>[2]> {
  return Object.assign({ redaction: noRedaction }, { cause })
}
