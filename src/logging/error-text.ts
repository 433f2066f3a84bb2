/** What is printed of an error. Libraries throw objects that are none and have its fields. */
export interface ErrorLike {
  readonly message: string
  readonly stack?: unknown
  readonly cause?: unknown
}

/** Causes of causes beyond these are left out: somebody has made a circle. */
const MOST_CAUSES = 20

export function isErrorLike(value: unknown): value is ErrorLike {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
}

/** For people: where it comes from, or what was thrown in the place of an error. */
export function traceOf(error: unknown): string {
  return isErrorLike(error) ? stackWithCauses(error) : String(error)
}

/** The messages of an error and its causes. */
export function messageWithCauses(error: ErrorLike): string {
  return withCauses(error)
    .map(({ message }) => message)
    .join(': ')
}

/** The stack traces of an error and its causes. */
export function stackWithCauses(error: ErrorLike): string {
  return withCauses(error)
    .map(({ message, stack }) => (typeof stack === 'string' && stack !== '' ? stack : message))
    .join('\ncaused by: ')
}

function withCauses(error: ErrorLike): readonly ErrorLike[] {
  const errors = [error]
  for (let { cause } = error; isErrorLike(cause) && errors.length <= MOST_CAUSES; { cause } = cause) errors.push(cause)
  return errors
}
