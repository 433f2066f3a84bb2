interface LogEntry {
  readonly level: string
  readonly time: number
  readonly msg: string
  readonly context?: string
  readonly error?: { readonly type?: string; readonly message?: string; readonly stack?: string }
}

/** One JSON log line in Connect's layout: `[2026-11-21 11:40:38,123] INFO [local-file-sink|task-0] text`, the error's trace below it. */
export function textLine(json: string): string {
  const { time, level, context, msg, error } = JSON.parse(json) as LogEntry
  const trace = error === undefined ? '' : `\n${error.stack ?? error.message ?? String(error.type)}`
  return `[${timestamp(time)}] ${level.toUpperCase()} ${context === undefined ? '' : `${context} `}${msg}${trace}\n`
}

/** Local time, as log4j prints it. */
function timestamp(time: number): string {
  const local = new Date(time - new Date(time).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 23).replace('T', ' ').replace('.', ',')
}
