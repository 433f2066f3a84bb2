import { DataException, RetriableException } from '../../api/errors.ts'
import { KafkaError } from '../../kafka/errors.ts'

/**
 * What an error says, and so what is done about it.
 * record: this record is bad; tolerance, dead letter queue, and only this one goes.
 * system: another system cannot just now; wait, keep everything, try again.
 * bug: code or configuration is wrong; the task fails and says so.
 */
export type FaultKind = 'record' | 'system' | 'bug'

/** Of Node's errors of sockets, files and `fetch`: what passes by itself or is mended outside of this program. */
const passingSystemCodes: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN'],
  ...['ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EBUSY', 'EAGAIN', 'EIO', 'ESTALE'],
  ...['ENETRESET', 'ENOTCONN', 'ENOBUFS', 'ETIME', 'EAI_FAIL'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_SOCKET'],
])

/** Decided by class and code, never by text. An error that says nothing of itself is what its cause is. */
export function faultKindOf(error: unknown): FaultKind {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const kind = ownKindOf(at)
    if (kind !== null) return kind
  }
  return 'bug'
}

/** Null: the error says nothing. */
function ownKindOf(error: Error): FaultKind | null {
  if (error instanceof RetriableException) return 'system'
  if (error instanceof DataException) return 'record'
  if (error instanceof KafkaError && !isWrapper(error)) return error.retriable || isLackOfRights(error) ? 'system' : 'bug'
  if (error.name === 'TimeoutError' && error instanceof DOMException) return 'system' // of AbortSignal.timeout()
  return 'code' in error && typeof error.code === 'string' && passingSystemCodes.has(error.code) ? 'system' : null
}

/** Of `asKafkaError`: what is not Kafka's is its cause. */
function isWrapper({ code }: KafkaError): boolean {
  return code === 'CLIENT_ERROR'
}

/** An operator gives them, and nothing here changes. A wrong password is in this configuration. */
function isLackOfRights({ code }: KafkaError): boolean {
  return code.endsWith('_AUTHORIZATION_FAILED')
}
