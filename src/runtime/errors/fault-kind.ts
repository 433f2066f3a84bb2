import { DataException, RetriableException } from '../../api/errors.ts'
import { KafkaError } from '../../kafka/errors.ts'

/**
 * What an error says, and so what is done about it.
 * record: this record is bad; tolerance, dead letter queue, and only this one goes.
 * system: another system cannot just now; wait, keep everything, try again.
 * bug: code or configuration is wrong; the task fails and says so.
 */
export type FaultKind = 'record' | 'system' | 'bug'

/** Of Node's errors of sockets and files: what passes by itself or is mended outside of this program. */
const passingSystemCodes: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN'],
  ...['ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EBUSY', 'EAGAIN', 'EIO', 'ESTALE'],
])

/** Decided by class and code, never by text. An error that says nothing of itself is what its cause is. */
export function faultKindOf(error: unknown): FaultKind {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (at instanceof RetriableException) return 'system'
    if (at instanceof DataException) return 'record'
    if (at instanceof KafkaError) return at.retriable || at.auth ? 'system' : 'bug'
    if ('code' in at && typeof at.code === 'string' && passingSystemCodes.has(at.code)) return 'system'
  }
  return 'bug'
}
