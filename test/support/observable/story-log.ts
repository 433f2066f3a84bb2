import type { Logger } from '../../../src/api/index.ts'

export interface LogLine {
  readonly level: 'INFO' | 'WARN' | 'ERROR'
  /** `[name|task-0] …`, empty for the worker's own lines. */
  readonly context: string
  readonly message: string
  readonly error: unknown
}

/** Keeps what an operator would read, with the context of each line, so that stories beside each other find their own. */
export class StoryLog implements Logger {
  readonly lines: LogLine[]
  readonly #context: string

  constructor(lines: LogLine[] = [], context = '') {
    this.lines = lines
    this.#context = context
  }

  trace = (): void => undefined
  debug = (): void => undefined
  info = (message: string, error?: unknown): void => this.#add('INFO', message, error)
  warn = (message: string, error?: unknown): void => this.#add('WARN', message, error)
  error = (message: string, error?: unknown): void => this.#add('ERROR', message, error)
  child = (context: string): Logger => new StoryLog(this.lines, `${this.#context} ${context}`.trim())

  #add(level: LogLine['level'], message: string, error: unknown): void {
    this.lines.push({ level, context: this.#context, message, error })
  }
}
