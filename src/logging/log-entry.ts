/** One line of the log, before it has a form. */
export interface LogEntry {
  readonly level: string
  /** Milliseconds since 1970. */
  readonly time: number
  /** Whose line it is, outermost first; empty: the process's. */
  readonly context: string
  readonly message: string
  /** Undefined: none was given. Whatever was thrown. */
  readonly error: unknown
}
