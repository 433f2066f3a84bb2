import type { Logger } from '../api/logger.ts'
import { exitCodes } from './exit-codes.ts'

export type StopSignal = 'SIGINT' | 'SIGTERM'

/** The first SIGINT or SIGTERM asks for a graceful stop; the next one ends the process at once. */
export class StopSignals {
  readonly first: Promise<StopSignal>
  readonly #asked = new AbortController()

  constructor(log: Logger) {
    const { promise, resolve } = Promise.withResolvers<StopSignal>()
    this.first = promise
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (this.asked) {
          log.warn(`${signal} again: ending at once; what was not committed is done again after the next start`)
          process.exit(exitCodes[signal])
        }
        log.info(`${signal}: stopping; a second signal ends at once`)
        this.#asked.abort()
        resolve(signal)
      })
    }
  }

  get asked(): boolean {
    return this.#asked.signal.aborted
  }
}
