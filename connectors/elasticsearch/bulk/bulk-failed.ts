import { ConnectException } from 'standpipe/api'
import type { RequestFailure } from '../client/request-failure.ts'
import { nestedErrorText } from '../client/server-error-text.ts'
import type { ServerError } from './bulk-answer.ts'

/** The task's end because of a bulk request, in upstream's sentences; our own words are the innermost cause. */
export function bulkFailed(failure: RequestFailure, attempts: number): ConnectException {
  const cause = new ConnectException(afterAttempts(failure.javaText, attempts), { cause: failure })
  return new ConnectException('Bulk request failed', { cause })
}

/** The same because of an operation that the server kept putting off. */
export function bulkItemFailed(error: ServerError, attempts: number): ConnectException {
  return new ConnectException('Bulk request failed', { cause: new ConnectException(afterAttempts(nestedErrorText(error), attempts)) })
}

function afterAttempts(why: string, attempts: number): string {
  return `Failed to execute bulk request due to '${why}' after ${attempts} attempt(s)`
}
