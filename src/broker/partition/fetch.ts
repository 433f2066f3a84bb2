import type { AnswerRequest, RequestContext } from '../api.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { FetchRound, type FetchSource } from './fetch-round.ts'
import type { WaitingFetches } from './waiting-fetches.ts'

type FetchRequest = DecodedRequest<'Fetch'>
type FetchResponse = ResponseMessages['Fetch']

const FIRST_WITH_SESSIONS = 7
/** Epochs of requests that name all their partitions: one that would open a session, and one that wants none. */
const INITIAL_EPOCH = 0
const FINAL_EPOCH = -1

/**
 * Reads records, and waits for them as the client asks. No sessions are kept: session id 0 tells clients that none was opened, and they
 * name all partitions in every request. Kafka: KafkaApis#handleFetchRequest, DelayedFetch, FetchManager#newContext.
 */
export function fetch(source: FetchSource, waiting: WaitingFetches): AnswerRequest<'Fetch'> {
  function answerOrWait(first: FetchRound, request: FetchRequest, context: RequestContext): FetchResponse | Promise<FetchResponse> {
    const { minBytes, maxWaitMs } = request
    if (first.hasErrors || first.isEmpty || first.bytes >= minBytes || maxWaitMs <= 0) return first.answer
    return waiting.wait(first.positions, first.isolation, minBytes - first.bytes, maxWaitMs, context.closed).then(async () => {
      const last = new FetchRound(request, context, source)
      await last.read()
      return last.answer
    })
  }

  return (request, context) => {
    if (context.version >= FIRST_WITH_SESSIONS && request.sessionEpoch !== INITIAL_EPOCH && request.sessionEpoch !== FINAL_EPOCH)
      return { errorCode: Errors.FETCH_SESSION_ID_NOT_FOUND, sessionId: 0, responses: [] }
    const round = new FetchRound(request, context, source)
    const reading = round.read()
    return reading === null ? answerOrWait(round, request, context) : reading.then(() => answerOrWait(round, request, context))
  }
}
