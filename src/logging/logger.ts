import type { Logger } from '../api/logger.ts'
import { jsonLine } from './json-line.ts'
import type { LogEntry } from './log-entry.ts'
import { textLine } from './text-line.ts'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]
export type LogFormat = 'text' | 'json'

export interface LoggerOptions {
  readonly level: LogLevel
  /** text: Connect's line layout, for people; json: one object a line, for collectors. */
  readonly format: LogFormat
  /** Takes whole lines with their line end. */
  readonly write: (line: string) => void
}

/** The process's logger. Called once by the command line. */
export function createLogger({ level, format, write }: LoggerOptions): Logger {
  const line = format === 'json' ? jsonLine : textLine
  return new LineLogger(level, (entry) => write(line(entry)))
}

/** Below this level the logger drops lines, so nobody needs to make them. A logger that is not ours may want every line. */
export function levelOf(logger: Logger): LogLevel {
  if (logger === silentLogger) return 'silent'
  return logger instanceof LineLogger ? logger.level : 'trace'
}

/** A logger for programs that embed a worker and want no lines of ours. */
export const silentLogger: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
}

class LineLogger implements Logger {
  readonly level: LogLevel
  readonly #write: (entry: LogEntry) => void
  readonly #context: string

  constructor(level: LogLevel, write: (entry: LogEntry) => void, context = '') {
    this.level = level
    this.#write = write
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
    return new LineLogger(this.level, this.#write, this.#context === '' ? context : `${this.#context} ${context}`)
  }

  #log(level: LogLevel, message: string, error: unknown): void {
    if (logLevels.indexOf(level) < logLevels.indexOf(this.level)) return
    this.#write({ level, time: Date.now(), context: this.#context, message, error })
  }
}
