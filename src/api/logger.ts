/**
 * Where the runtime, the Kafka client and plugins log. Lines carry connector and task from the child logger.
 * info: life-cycle; warn: heals by itself; error: needs a person. Never once a record above trace.
 */
export interface Logger {
  trace(message: string, error?: unknown): void
  debug(message: string, error?: unknown): void
  info(message: string, error?: unknown): void
  warn(message: string, error?: unknown): void
  error(message: string, error?: unknown): void
  /** A logger whose lines begin with this context, such as `[local-file-sink|task-0]`, behind the context that this one has. */
  child(context: string): Logger
}
