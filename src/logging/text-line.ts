import { traceOf } from './error-text.ts'
import type { LogEntry } from './log-entry.ts'

/** Connect's layout, for people: `[2026-11-21 11:40:38,123] INFO [local-file-sink|task-0] text`, the error's trace below it. */
export function textLine({ level, time, context, message, error }: LogEntry): string {
  const trace = error === undefined ? '' : `\n${traceOf(error)}`
  return `[${timestamp(time)}] ${level.toUpperCase()} ${context === '' ? '' : `${context} `}${message}${trace}\n`
}

/** Local time, as log4j prints it. */
function timestamp(time: number): string {
  const local = new Date(time - new Date(time).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 23).replace('T', ' ').replace('.', ',')
}
