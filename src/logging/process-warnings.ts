import type { Logger } from '../api/logger.ts'

/**
 * From now on Node's warnings are lines of the log: written by themselves they would break a log of JSON objects. Called once by each thread of
 * a command. What the user has silenced (`NODE_NO_WARNINGS`) stays silent; that something of Node's is experimental is of use to us only.
 */
export function logProcessWarnings(log: Logger): void {
  if (process.listenerCount('warning') === 0) return
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning') log.debug(`Node.js: ${warning.message}`)
    else log.warn('Node.js warns', warning)
  })
}
