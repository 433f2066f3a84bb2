import { ApiError, type ErrorNumber } from '../protocol/errors.ts'

/** Why one part of a request was refused. */
export interface Failure {
  readonly errorCode: ErrorNumber
  readonly errorMessage: string
}

/** @throws whatever is no ApiError: then the whole request has no answer */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof ApiError)) throw error
  return { errorCode: error.error, errorMessage: error.message }
}

/** Names that occur more than once. */
export function repeated<T>(items: readonly T[]): ReadonlySet<T> {
  const seen = new Set<T>()
  return new Set(items.filter((item) => seen.size === seen.add(item).size))
}
