import type { Logger } from '../../../src/api/logger.ts'

/** A logger that keeps its lines, with the level in front. */
export class LogLines implements Logger {
  readonly lines: string[] = []

  trace(message: string): void {
    this.lines.push(`trace ${message}`)
  }

  debug(message: string): void {
    this.lines.push(`debug ${message}`)
  }

  info(message: string): void {
    this.lines.push(`info ${message}`)
  }

  warn(message: string): void {
    this.lines.push(`warn ${message}`)
  }

  error(message: string): void {
    this.lines.push(`error ${message}`)
  }

  child(): Logger {
    return this
  }
}
