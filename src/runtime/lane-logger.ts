import type { Logger } from '../api/logger.ts'
import { logLevels, type LogLevel } from '../logging/logger.ts'
import { type PlainError, plainError, revivedError } from './plain-error.ts'

type LineLevel = Exclude<LogLevel, 'silent'>

/** One line of a lane's log, on its way to the process's log. */
export interface LaneLogLine {
  readonly level: LineLevel
  readonly message: string
  /** Null: none was given. */
  readonly context: string | null
  readonly error: PlainError | null
}

/** The logger of a lane: the process has one log, and the main thread writes it. */
export class LaneLogger implements Logger {
  readonly #send: (line: LaneLogLine) => void
  readonly #level: LogLevel
  readonly #context: string | null

  /** @param level lines below it are not sent */
  constructor(send: (line: LaneLogLine) => void, level: LogLevel, context: string | null = null) {
    this.#send = send
    this.#level = level
    this.#context = context
  }

  trace(message: string, error?: unknown): void {
    this.#log('trace', message, error)
  }

  debug(message: string, error?: unknown): void {
    this.#log('debug', message, error)
  }

  info(message: string, error?: unknown): void {
    this.#log('info', message, error)
  }

  warn(message: string, error?: unknown): void {
    this.#log('warn', message, error)
  }

  error(message: string, error?: unknown): void {
    this.#log('error', message, error)
  }

  child(context: string): Logger {
    return new LaneLogger(this.#send, this.#level, this.#context === null ? context : `${this.#context} ${context}`)
  }

  #log(level: LineLevel, message: string, error: unknown): void {
    if (logLevels.indexOf(level) < logLevels.indexOf(this.#level)) return
    this.#send({ level, message, context: this.#context, error: error === undefined ? null : plainError(error) })
  }
}

/** Writes a lane's line to the process's log. */
export function writeLaneLine({ level, message, context, error }: LaneLogLine, log: Logger): void {
  const target = context === null ? log : log.child(context)
  if (error === null) target[level](message)
  else target[level](message, revivedError(error))
}
