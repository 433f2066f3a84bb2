import { Reader } from '../../kafka/protocol/reader.ts'
import type { Apis, ApiEntry, RequestContext } from '../api.ts'
import { decodeRequest } from '../protocol/codec.ts'
import type { ApiName } from '../protocol/messages.ts'
import { API_VERSIONS_SERVED, OLDEST_API_VERSIONS, type ServedVersions } from './api-versions.ts'
import { InvalidRequest } from './invalid-request.ts'
import { readRequestHeader, responseFrame, type RequestHeader } from './request-header.ts'
import type { SaslSession } from './sasl/sasl-session.ts'

/** Parts of a frame, to be written in one go; null: the client expects no answer. */
export type Answer = readonly Buffer[] | null

export interface SessionOptions {
  readonly apis: Apis
  readonly versions: ServedVersions
  /** Null: the listener asks for none. */
  readonly sasl: SaslSession | null
  /** Of whoever speaks without SASL: `User:ANONYMOUS`, or the name in a client certificate. */
  readonly principal: string
  readonly clientHost: string
  readonly listener: string
  readonly closed: AbortSignal
}

/** Reads the requests of one connection, and gives each to the API it is for. Called for one request at a time. */
export class RequestSession {
  readonly #options: SessionOptions

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Nothing may be asked any more: authentication failed, and the last answer says so. */
  get isOver(): boolean {
    return this.#options.sasl?.isFailed === true
  }

  /**
   * @param frame without its length
   * @throws (or rejects with) InvalidRequest and RangeError for what is no request; anything else is an error of ours
   */
  answer(frame: Buffer): Answer | Promise<Answer> {
    const { sasl } = this.#options
    if (sasl?.expectsToken === true) return sasl.answerToken(frame)
    const reader = new Reader(frame)
    const header = readRequestHeader(reader)
    if (sasl !== null) {
      if (header.api === 'SaslHandshake') return sasl.answerHandshake(header, reader)
      if (header.api === 'SaslAuthenticate') return sasl.answerAuthenticate(header, reader)
      if (header.api !== 'ApiVersions') sasl.checkMayAsk(header.api)
    }
    return header.api === 'ApiVersions' ? this.#answerApiVersions(header, reader) : this.#answerApi(header.api, header, reader)
  }

  #answerApiVersions({ version, correlationId }: RequestHeader, reader: Reader): Answer {
    const { versions } = this.#options
    if (version < API_VERSIONS_SERVED[0] || version > API_VERSIONS_SERVED[1])
      return responseFrame('ApiVersions', OLDEST_API_VERSIONS, correlationId, versions.refusal())
    const request = decodeRequest('ApiVersions', version, reader)
    return responseFrame('ApiVersions', version, correlationId, versions.answer(request, version))
  }

  #answerApi<Api extends ApiName>(api: Api, { version, correlationId, clientId }: RequestHeader, reader: Reader): Answer | Promise<Answer> {
    const entry = servedEntry(this.#options.apis, api, version)
    const response = entry.answer(decodeRequest(api, version, reader), this.#context(version, clientId))
    if (response instanceof Promise)
      return response.then((body) => (body === null ? null : responseFrame(api, version, correlationId, body)))
    return response === null ? null : responseFrame(api, version, correlationId, response)
  }

  #context(version: number, clientId: string): RequestContext {
    const { sasl, principal, clientHost, listener, closed } = this.#options
    return { version, clientId, clientHost, listener, principal: sasl?.principal ?? principal, closed }
  }
}

/** Kafka closes the connection, too: only ApiVersions has an answer that every client can read. */
function servedEntry<Api extends ApiName>(apis: Apis, api: Api, version: number): ApiEntry<Api> {
  const entry: ApiEntry<Api> | undefined = apis[api]
  if (entry === undefined) throw new InvalidRequest(`${api} is not served here`)
  const [first, last] = entry.versions
  if (version < first || version > last) throw new InvalidRequest(`${api} is served in versions ${first} to ${last}, not in ${version}`)
  return entry
}
