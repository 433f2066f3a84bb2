import { logLevels, type LogFormat, type LogLevel } from '../logging/logger.ts'

/** What STANDPIPE_LOG_LEVEL and STANDPIPE_LOG_FORMAT say, for programs that start faster than a worker's environment is read. */
export function logSettings({ STANDPIPE_LOG_LEVEL: level, STANDPIPE_LOG_FORMAT: format }: NodeJS.ProcessEnv): {
  readonly level: LogLevel
  readonly format: LogFormat
} {
  const wanted = level?.trim().toLowerCase()
  return {
    level: logLevels.find((known) => known === wanted) ?? 'info',
    format: format?.trim().toLowerCase() === 'json' ? 'json' : 'text',
  }
}
