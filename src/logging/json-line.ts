import { isErrorLike, messageWithCauses, stackWithCauses, type ErrorLike } from './error-text.ts'
import type { LogEntry } from './log-entry.ts'

/** Clients hang requests, sockets and whole answers on their errors: deeper and longer than this is left out. */
const MOST_LEVELS = 5
const MOST_ITEMS = 100

/** One object a line, for collectors: `{"level":"info","time":1795261238123,"context":"[local-file-sink|task-0]","msg":"text"}`. */
export function jsonLine({ level, time, context, message, error }: LogEntry): string {
  const head = { level, time, ...(context === '' ? {} : { context }) }
  try {
    return `${JSON.stringify({ ...head, error, msg: message }, boundedReplacer())}\n`
  } catch {
    return `${JSON.stringify({ ...head, error: String(error), msg: message })}\n` // a getter or toJSON of the error's has thrown
  }
}

/** For JSON.stringify: makes errors readable and every value finite. */
function boundedReplacer(): (this: unknown, key: string, value: unknown) => unknown {
  const path: { readonly value: object; readonly shown: unknown }[] = []
  return function (_key, value) {
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    while (path.length > 0 && path.at(-1)?.shown !== this) path.pop()
    if (path.some((above) => above.value === value)) return '[Circular]'
    if (path.length > MOST_LEVELS) return Array.isArray(value) ? '[Array]' : '[Object]'
    const shown = shortened(value)
    path.push({ value, shown })
    return shown
  }
}

function shortened(value: object): unknown {
  if (Array.isArray(value)) return value.length > MOST_ITEMS ? value.slice(0, MOST_ITEMS) : value
  return isErrorLike(value) ? errorFields(value) : value
}

/** What the error is, and what else it says of itself. */
function errorFields(error: ErrorLike): object {
  const { message: _message, stack: _stack, cause: _cause, type: _type, ...others } = error as ErrorLike & { readonly type?: unknown }
  return {
    type: error.constructor.name,
    message: messageWithCauses(error),
    stack: stackWithCauses(error),
    ...(error instanceof AggregateError ? { aggregateErrors: error.errors as unknown } : {}),
    ...others,
  }
}
