import { javaNameOf } from './errors/trace.ts'

/** What logs and traces show of an error, as data that crosses threads. */
export interface PlainError {
  readonly name: string
  readonly javaName: string
  readonly message: string
  readonly stack: string
  /** Null: it has none. */
  readonly cause: PlainError | null
}

export function plainError(error: unknown): PlainError {
  const javaName = javaNameOf(error)
  if (!(error instanceof Error)) return { name: javaName, javaName, message: String(error), stack: String(error), cause: null }
  const { name, message, stack = `${name}: ${message}`, cause } = error
  return { name, javaName, message, stack, cause: cause === undefined ? null : plainError(cause) }
}

/** The error again, for people: its texts are the same, its class is not. */
export function revivedError({ javaName, name, message, stack, cause }: PlainError): Error {
  const error = new Error(message, cause === null ? {} : { cause: revivedError(cause) })
  return Object.assign(error, { name, stack, javaName })
}
