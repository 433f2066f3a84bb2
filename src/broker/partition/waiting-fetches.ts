import type { Clock, Timer } from '../clock.ts'
import type { Isolation, RecordLog } from './record-log.ts'

/** Where a waiting fetch stands in one partition. */
export interface WaitingPosition {
  readonly log: RecordLog
  /** Where its last read ended, as the reader sees it: high watermark, or last stable offset. */
  readonly end: number
}

/**
 * Fetches that wait for records. A partition that advances looks at its own waiting fetches only; those that have enough are answered
 * together when the event loop comes round, so that a reader gets all that one burst of producers wrote.
 */
export class WaitingFetches {
  readonly #clock: Clock
  readonly #watches = new Map<RecordLog, Set<Watch>>()
  #ready: WaitingFetch[] = []
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when `missingBytes` more may be read, after `maxWaitMs`, when the client has gone, or at the broker's end. */
  wait(
    positions: readonly WaitingPosition[],
    isolation: Isolation,
    missingBytes: number,
    maxWaitMs: number,
    closed: AbortSignal,
  ): Promise<void> {
    if (this.#isClosed || closed.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const fetch = new WaitingFetch(missingBytes, resolve)
      fetch.timer = this.#clock.after(maxWaitMs, () => this.#finish(fetch))
      fetch.stopListening = onAbort(closed, () => this.#finish(fetch))
      for (const { log, end } of positions) {
        const watch = new Watch(fetch, log, isolation, end)
        fetch.watches.push(watch)
        this.#watchesOf(log).add(watch)
        if (watch.hasAdvanced()) this.#wake(fetch)
      }
    })
  }

  /** A partition has new records for readers, or was deleted: called by its log with every append. */
  advanced(log: RecordLog): void {
    const watches = this.#watches.get(log)
    if (watches === undefined) return
    for (const watch of watches) if (watch.hasAdvanced()) this.#wake(watch.fetch)
  }

  /** The partition is gone: those who wait for it are told at once. */
  removed(log: RecordLog): void {
    for (const watch of this.#watches.get(log) ?? []) this.#finish(watch.fetch)
  }

  /** Answers all that wait with what there is. */
  close(): void {
    this.#isClosed = true
    for (const watches of [...this.#watches.values()]) for (const watch of [...watches]) this.#finish(watch.fetch)
  }

  #watchesOf(log: RecordLog): Set<Watch> {
    let watches = this.#watches.get(log)
    if (watches === undefined) this.#watches.set(log, (watches = new Set()))
    return watches
  }

  #wake(fetch: WaitingFetch): void {
    if (fetch.isWoken) return
    fetch.isWoken = true
    if (this.#ready.push(fetch) === 1) setImmediate(() => this.#finishReady())
  }

  #finishReady(): void {
    const ready = this.#ready
    this.#ready = []
    for (const fetch of ready) this.#finish(fetch)
  }

  #finish(fetch: WaitingFetch): void {
    fetch.isWoken = true
    fetch.timer?.cancel()
    fetch.stopListening?.()
    for (const watch of fetch.watches) this.#remove(watch)
    fetch.resolve()
  }

  #remove(watch: Watch): void {
    const watches = this.#watches.get(watch.log)
    if (watches?.delete(watch) === true && watches.size === 0) this.#watches.delete(watch.log)
  }
}

class WaitingFetch {
  missingBytes: number
  readonly resolve: () => void
  readonly watches: Watch[] = []
  timer: Timer | null = null
  stopListening: (() => void) | null = null
  isWoken = false

  constructor(missingBytes: number, resolve: () => void) {
    this.missingBytes = missingBytes
    this.resolve = resolve
  }
}

/** A fetch's eye on one partition. */
class Watch {
  readonly fetch: WaitingFetch
  readonly log: RecordLog
  readonly #isolation: Isolation
  #end: number
  #size: number

  constructor(fetch: WaitingFetch, log: RecordLog, isolation: Isolation, end: number) {
    this.fetch = fetch
    this.log = log
    this.#isolation = isolation
    this.#end = end
    this.#size = log.sizeBytes
  }

  /** Counts what came since the last look, and says whether the fetch has enough now. Bytes are those of the log: exact enough for a wait. */
  hasAdvanced(): boolean {
    const end = this.#isolation === 'read_committed' ? this.log.lastStableOffset : this.log.highWatermark
    if (end <= this.#end) return false
    const size = this.log.sizeBytes
    this.fetch.missingBytes -= Math.max(size - this.#size, 1)
    this.#end = end
    this.#size = size
    return this.fetch.missingBytes <= 0
  }
}

function onAbort(signal: AbortSignal, act: () => void): () => void {
  signal.addEventListener('abort', act, { once: true })
  return () => signal.removeEventListener('abort', act)
}
