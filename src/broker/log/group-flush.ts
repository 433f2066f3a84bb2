interface Waiting {
  readonly offset: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** What a log offers to be flushed. */
export interface Flushable {
  endOffset(): number
  /** Resolves when everything that was in the log at the call is on disk. */
  sync(): Promise<void>
  /** `flushedOffset` moved; those who wait hear of it afterwards. */
  flushed(): void
}

/**
 * Syncs a log to disk for whoever waits: one sync at a time, and everyone who came before it started shares it. Those who come while it runs
 * share the next one.
 */
export class GroupFlush {
  /** Everything before it survives a crash of the machine. */
  flushedOffset: number
  readonly #log: Flushable
  #waiting: Waiting[] = []
  /** Up to where somebody wants it synced, waiting or not. */
  #wantedOffset = 0
  #running: Promise<void> | null = null

  constructor(flushedOffset: number, log: Flushable) {
    this.flushedOffset = flushedOffset
    this.#log = log
  }

  /** Resolves when everything before the offset is on disk; rejects when the disk refuses. */
  wait(offset: number): Promise<void> {
    if (offset <= this.flushedOffset) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ offset, resolve, reject })
      this.begin(offset)
    })
  }

  /** Brings everything before the offset to disk, for nobody who waits. A disk that refuses is said to the log's own logger. */
  begin(offset: number): void {
    if (offset <= this.flushedOffset) return
    this.#wantedOffset = Math.max(this.#wantedOffset, offset)
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    // appends of requests that arrived together share the first sync too
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#wantedOffset > this.flushedOffset) {
      const target = this.#log.endOffset()
      try {
        await this.#log.sync()
        this.flushedOffset = Math.max(this.flushedOffset, target)
        this.#log.flushed()
        this.#settle()
      } catch (error) {
        this.#wantedOffset = this.flushedOffset
        for (const { reject } of this.#waiting.splice(0)) reject(error)
      }
    }
    this.#running = null
  }

  #settle(): void {
    const waiting = this.#waiting
    this.#waiting = waiting.filter(({ offset }) => offset > this.flushedOffset)
    for (const { offset, resolve } of waiting) if (offset <= this.flushedOffset) resolve()
  }
}
