import type { Apis, RequestContext } from '../../../src/broker/api.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse, type DecodedResponse } from '../../../src/broker/protocol/codec.ts'
import type { ApiName, RequestMessages } from '../../../src/broker/protocol/messages.ts'
import { Reader } from '../../../src/kafka/protocol/reader.ts'
import { Writer } from '../../../src/kafka/protocol/writer.ts'

export interface Asking {
  readonly version: number
  readonly closed?: AbortSignal
}

/** Asks a table of APIs as a connection does: the request and the answer go through their bytes. Null: there is no answer. */
export async function ask<Api extends ApiName>(
  apis: Apis,
  api: Api,
  request: RequestMessages[Api],
  { version, closed = new AbortController().signal }: Asking,
): Promise<DecodedResponse<Api> | null> {
  const entry = apis[api]
  if (entry === undefined) throw new Error(`${api} is not served`)
  const sent = new Writer()
  encodeRequest(api, version, request, sent)
  const decoded = decodeRequest(api, version, new Reader(Buffer.concat(sent.finish())))
  const context: RequestContext = {
    version,
    clientId: 'test',
    clientHost: '/127.0.0.1',
    listener: 'PLAINTEXT',
    principal: 'User:ANONYMOUS',
    closed,
  }
  const answer = await entry.answer(decoded, context)
  if (answer === null) return null
  const answered = new Writer()
  encodeResponse(api, version, answer, answered)
  return decodeResponse(api, version, new Reader(Buffer.concat(answered.finish())))
}
