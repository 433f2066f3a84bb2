import { illegalState, WakeupException, type KafkaError } from '../errors.ts'
import type { PartitionRecords } from '../ports.ts'
import type { Clock } from '../timer.ts'
import type { Fetcher } from './fetcher.ts'
import type { GroupMember } from './group-member.ts'
import { LoopTurn, type PollSignal } from './poll-signal.ts'
import type { PositionLookup } from './position-lookup.ts'
import type { PositionValidation } from './position-validation.ts'
import type { SubscriptionState } from './subscription-state.ts'
import type { TopicErrors } from './topic-errors.ts'

export interface PollLoopOptions {
  /** `max.poll.records`. */
  readonly maxRecords: number
  readonly subscription: SubscriptionState
  readonly fetcher: Fetcher
  readonly positions: PositionLookup
  readonly validation: PositionValidation
  readonly topicErrors: TopicErrors
  readonly signal: PollSignal
  readonly now: Clock
}

/**
 * What one poll does, step by step until there are records or its time is over: the group's callbacks, what metadata says against
 * topics, missing and doubtful positions, what was fetched, the next fetches. Between two steps it sleeps until something has happened.
 */
export class PollLoop {
  /** Null until the consumer subscribes. */
  member: GroupMember | null = null
  readonly #options: PollLoopOptions
  readonly #turn = new LoopTurn()
  #isPolling = false
  #isWoken = false
  #ended: KafkaError | null = null

  constructor(options: PollLoopOptions) {
    this.#options = options
  }

  /** As `Consumer.poll`. */
  async poll(timeoutMs: number): Promise<readonly PartitionRecords[]> {
    if (this.#isPolling) throw illegalState('KafkaConsumer is not safe for concurrent access: poll is called while another poll runs')
    this.#isPolling = true
    try {
      return await this.#pollUntil(this.#options.now() + timeoutMs)
    } finally {
      this.#isPolling = false
    }
  }

  /** As `Consumer.wakeup`. */
  wakeup(): void {
    this.#isWoken = true
    this.#options.signal.notify()
  }

  /** Ends the poll under way, and every later one. */
  end(reason: KafkaError): void {
    this.#ended = reason
    this.#options.signal.notify()
  }

  async #pollUntil(deadline: number): Promise<readonly PartitionRecords[]> {
    // even a poll(0) without records gives answers one chance to arrive
    let mayWait = true
    for (;;) {
      if (this.#turn.due()) await this.#turn.take()
      this.#throwIfInterrupted()
      const records = await this.#step()
      if (records !== null) return records
      const remaining = deadline - this.#options.now()
      if (remaining <= 0 && !mayWait) return NOTHING
      mayWait = remaining > 0
      await this.#sleep(remaining)
    }
  }

  #throwIfInterrupted(): void {
    if (this.#ended !== null) throw this.#ended
    if (!this.#isWoken) return
    this.#isWoken = false
    throw new WakeupException()
  }

  /** @returns null when there is nothing to hand out yet */
  async #step(): Promise<readonly PartitionRecords[] | null> {
    const { fetcher, maxRecords, positions, topicErrors, validation } = this.#options
    this.member?.polled()
    if (this.member?.needsPoll === true) await this.#rebalance(this.member)
    topicErrors.check(() => this.#wantedTopics())
    positions.advance()
    validation.advance()
    const records = fetcher.take(maxRecords)
    fetcher.pump()
    return records
  }

  async #rebalance(member: GroupMember): Promise<void> {
    const { fetcher } = this.#options
    fetcher.isActive = false
    try {
      await member.advance()
    } finally {
      fetcher.isActive = this.#ended === null
      fetcher.changed()
    }
  }

  #wantedTopics(): Iterable<string> {
    return this.member?.namedTopics ?? new Set(this.#options.subscription.partitions.map(({ topic }) => topic))
  }

  async #sleep(remaining: number): Promise<void> {
    if (remaining <= 0) {
      await this.#turn.take()
      return
    }
    const { fetcher, positions, signal, topicErrors, validation } = this.#options
    const delays = [fetcher.retryDelay(), positions.retryDelay(), validation.retryDelay(), topicErrors.retryDelay()]
    const retryMs = Math.max(1, Math.min(...delays))
    this.member?.waiting(true)
    await signal.sleep(Math.min(remaining, retryMs))
    this.member?.waiting(false)
  }
}

const NOTHING: readonly PartitionRecords[] = []
