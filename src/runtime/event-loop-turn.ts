import { setImmediate as nextTurn } from 'node:timers/promises'

const longestWithoutTurnMs = 10

/**
 * Keeps a busy loop of resolved promises from starving sockets and timers: awaiting one only runs microtasks,
 * so after 10 ms the loop gives the event loop a turn.
 */
export class EventLoopTurn {
  #last = performance.now()

  /** True when the loop has held the thread long enough; then await `take`. */
  get due(): boolean {
    return performance.now() - this.#last > longestWithoutTurnMs
  }

  async take(): Promise<void> {
    await nextTurn()
    this.#last = performance.now()
  }
}
