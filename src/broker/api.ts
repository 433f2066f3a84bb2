import type { ApiName, ResponseMessages } from './protocol/messages.ts'
import type { DecodedRequest } from './protocol/codec.ts'

/** Who asks, and how. One for each request. */
export interface RequestContext {
  /** Version of the API in which the request came, and in which the answer will go. */
  readonly version: number
  readonly clientId: string
  /** Address of the client, with a slash in front as in Kafka: `/127.0.0.1`. */
  readonly clientHost: string
  /** Name of the listener the connection came to; its address is what the client is told in metadata. */
  readonly listener: string
  /** `User:name`, or `User:ANONYMOUS`. */
  readonly principal: string
  /** Fires when the connection is gone: an answer is of no use any more. */
  readonly closed: AbortSignal
}

/**
 * Answers one request. A rejection with ApiError is no answer: an API puts errors where its answer has a place for them. Whatever else is
 * thrown closes the connection with a line in the log.
 * @returns null: the client expects no answer (Produce with acks=0)
 */
export type AnswerRequest<Api extends ApiName> = (
  request: DecodedRequest<Api>,
  context: RequestContext,
) => ResponseMessages[Api] | null | Promise<ResponseMessages[Api] | null>

export interface ApiEntry<Api extends ApiName> {
  /** First and last version that is served, as ApiVersions tells clients. */
  readonly versions: readonly [number, number]
  readonly answer: AnswerRequest<Api>
}

/** The APIs that a part of the broker serves. All parts together are what ApiVersions lists. */
export type Apis = { readonly [Api in ApiName]?: ApiEntry<Api> }
