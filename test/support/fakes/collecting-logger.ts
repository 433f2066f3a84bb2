import type { Logger } from '../../../src/api/logger.ts'

/** A logger that keeps its lines, for tests that look at what an operator would read. */
export class CollectingLogger implements Logger {
  readonly lines: string[] = []
  readonly errors: unknown[] = []

  trace = (): void => undefined
  debug = (): void => undefined
  info = (message: string): void => this.#add('INFO', message)
  warn = (message: string, error?: unknown): void => this.#add('WARN', message, error)
  error = (message: string, error?: unknown): void => this.#add('ERROR', message, error)
  child = (): Logger => this

  #add(level: string, message: string, error?: unknown): void {
    this.lines.push(`${level} ${message}`)
    if (error !== undefined) this.errors.push(error)
  }
}
