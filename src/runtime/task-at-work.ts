import type { Consumer } from '../kafka/ports.ts'
import { WakeupException } from '../kafka/errors.ts'
import type { SinkPauses } from './sink-pauses.ts'
import { withinTime } from './within-time.ts'

const longestPollMs = 60_000

/**
 * The sink task while it works: `put`, `preCommit`, `open` outside of a rebalance.
 *
 * A consumer that is not polled for `max.poll.interval.ms` loses its partitions, however well its heartbeats are. So when the task
 * takes long, the consumer is polled beside it, with everything paused: a slow or hung system does not cost the membership, which the
 * records would be read again for, by a task that is as slow. A rebalance in that time waits for the task; the group waits for the
 * member for `max.poll.interval.ms` at most, and then goes on without it.
 */
export class TaskAtWork {
  readonly #consumer: Consumer
  readonly #pauses: SinkPauses
  readonly #pollAfterMs: number
  #settled: Promise<void> = Promise.resolve()
  #pollFailure: { readonly error: unknown } | null = null

  /** @param pollAfterMs time from which on work is long */
  constructor(consumer: Consumer, pauses: SinkPauses, pollAfterMs: number) {
    this.#consumer = consumer
    this.#pauses = pauses
    this.#pollAfterMs = pollAfterMs
  }

  /** Resolves when the task is not at work. For the callbacks of a rebalance. */
  idle(): Promise<void> {
    return this.#settled
  }

  /** Called before the loop's own poll. @throws what a poll beside the task threw */
  throwPollFailure(): void {
    const failure = this.#pollFailure
    this.#pollFailure = null
    if (failure !== null) throw failure.error
  }

  /** @throws what the work throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const working = work()
    this.#settled = working.then(ignore, ignore)
    if (!(await withinTime(this.#settled, this.#pollAfterMs))) await this.#pollBeside(this.#settled)
    return working
  }

  async #pollBeside(settled: Promise<void>): Promise<void> {
    let isSettled = false
    const wake = () => {
      isSettled = true
      this.#consumer.wakeup()
    }
    this.#pauses.hold('task at work', true)
    const woken = settled.then(wake)
    while (!isSettled && this.#pollFailure === null) await this.#poll()
    await woken
    this.#pauses.hold('task at work', false)
  }

  async #poll(): Promise<void> {
    try {
      await this.#consumer.poll(longestPollMs)
    } catch (error) {
      if (!(error instanceof WakeupException)) this.#pollFailure = { error }
    }
  }
}

function ignore(): void {}
