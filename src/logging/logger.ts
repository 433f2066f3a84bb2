import { pino, type Logger as Pino } from 'pino'
import type { Logger } from '../api/logger.ts'
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
  const destination = { write: format === 'json' ? write : (line: string) => write(textLine(line)) }
  const options = { level, base: null, formatters: { level: (label: string) => ({ level: label }) }, errorKey: 'error' }
  return new PinoLogger(pino(options, destination))
}

/** Below this level the logger drops lines, so nobody needs to make them. A logger that is not ours may want every line. */
export function levelOf(logger: Logger): LogLevel {
  if (logger === silentLogger) return 'silent'
  return logger instanceof PinoLogger ? logger.level : 'trace'
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

class PinoLogger implements Logger {
  readonly #root: Pino
  readonly #pino: Pino
  readonly #context: readonly string[]

  /** @param context of this logger, outermost first */
  constructor(root: Pino, context: readonly string[] = []) {
    this.#root = root
    this.#context = context
    this.#pino = context.length === 0 ? root : root.child({ context: context.join(' ') })
  }

  get level(): LogLevel {
    return logLevels.find((level) => level === this.#pino.level) ?? 'trace'
  }

  trace(message: string, error?: unknown): void {
    this.#pino.trace({ error }, message)
  }

  debug(message: string, error?: unknown): void {
    this.#pino.debug({ error }, message)
  }

  info(message: string, error?: unknown): void {
    this.#pino.info({ error }, message)
  }

  warn(message: string, error?: unknown): void {
    this.#pino.warn({ error }, message)
  }

  error(message: string, error?: unknown): void {
    this.#pino.error({ error }, message)
  }

  child(context: string): Logger {
    return new PinoLogger(this.#root, [...this.#context, context])
  }
}
