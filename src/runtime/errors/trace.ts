/** Class name that traces, dead letter headers and REST answers show: Java's where the error is one of Connect's or Kafka's. */
export function javaNameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  return 'javaName' in error && typeof error.javaName === 'string' ? error.javaName : error.name
}

/** An error with its causes in Java's layout: class and message, frames, `Caused by: …`. Secrets were removed when it was built. */
export function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return `${String(error)}\n`
  const head = error.message === '' ? javaNameOf(error) : `${javaNameOf(error)}: ${error.message}`
  const cause = error.cause === undefined ? '' : `Caused by: ${traceOf(error.cause)}`
  return `${head}\n${framesOf(error)}${cause}`
}

/** Of the error before: records that fail in numbers fail in one place, and often share the error. */
let lastStack = ''
let lastFrames = ''

function framesOf({ stack = '' }: Error): string {
  if (stack === lastStack) return lastFrames
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  lastStack = stack
  lastFrames = frames.map((frame) => `\t${frame.trim()}\n`).join('')
  return lastFrames
}
