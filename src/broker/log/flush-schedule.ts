import type { Clock, Timer } from '../clock.ts'
import type { LogConfig } from './log-config.ts'

/**
 * When a log is synced without anybody waiting for it, by what its topic says, or the broker for topics that say nothing: `flush.messages`
 * records after the last sync, and no record later than `flush.ms`. A log without a time of its own is synced with all others.
 * Apache Kafka 4.3: UnifiedLog#append and LogManager#flushDirtyLogs, which looks at the time now and then, where this one keeps to it.
 */
export class FlushSchedule {
  readonly #clock: Clock
  readonly #flush: () => void
  #config: LogConfig
  #timer: Timer | null = null

  /** @param flush begins a sync of everything there is */
  constructor(clock: Clock, config: LogConfig, flush: () => void) {
    this.#clock = clock
    this.#config = config
    this.#flush = flush
  }

  /** Whether the log is not to be synced every second. */
  get hasOwnTime(): boolean {
    return this.#config['flush.ms'] < Number.MAX_SAFE_INTEGER
  }

  /** @param unsynced how many records are not on the disk now */
  appended(unsynced: number): void {
    if (unsynced >= this.#config['flush.messages']) this.#flush()
    else if (this.#timer === null && unsynced > 0 && this.hasOwnTime)
      this.#timer = this.#clock.after(this.#config['flush.ms'], this.#onTime)
  }

  /** What was appended before is judged by the new policy, too. */
  updateConfig(config: LogConfig, unsynced: number): void {
    this.stop()
    this.#config = config
    this.appended(unsynced)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  readonly #onTime = (): void => {
    this.#timer = null
    this.#flush()
  }
}
