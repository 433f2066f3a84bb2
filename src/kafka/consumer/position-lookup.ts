import type { Logger } from '../../api/logger.ts'
import { asKafkaError, noOffsetForPartition, offsetOutOfRange, type KafkaError } from '../errors.ts'
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from '../protocol/list-offsets.ts'
import type { RetryBackoff } from '../retry-backoff.ts'
import type { Clock } from '../timer.ts'
import type { GroupOffsets } from './group-offsets.ts'
import type { OffsetLookup, OffsetQuery } from './offset-lookup.ts'
import type { OffsetResetPolicy } from './offset-reset-policy.ts'
import { partitionName, type PartitionState, type SubscriptionState } from './subscription-state.ts'

export interface PositionLookupOptions {
  readonly subscription: SubscriptionState
  readonly lookup: OffsetLookup
  /** Null: no group, so nothing is committed. */
  readonly groupOffsets: GroupOffsets | null
  readonly policy: OffsetResetPolicy
  readonly backoff: RetryBackoff
  readonly log: Logger
  readonly now: Clock
  /** Positions were found, or a look-up failed: poll should look. */
  readonly notify: () => void
}

/** A partition whose position is being looked up, in the epoch in which that began. */
interface Sought {
  readonly state: PartitionState
  readonly epoch: number
}

/**
 * Finds the positions of partitions that have none: the committed offset first, then what `seek` or `auto.offset.reset` say.
 * Runs beside poll, one round at a time; what a round finds for a partition that was moved meanwhile is dropped.
 */
export class PositionLookup {
  readonly #options: PositionLookupOptions
  #round: Promise<void> | null = null
  #error: KafkaError | null = null
  #failures = 0
  #retryAt = 0

  constructor(options: PositionLookupOptions) {
    this.#options = options
  }

  /** Starts a round when positions are missing. @throws KafkaError of the last round that trying again does not heal */
  advance(): void {
    const error = this.#error
    this.#error = null
    if (error !== null) throw error
    if (this.#round !== null || this.#options.now() < this.#retryAt) return
    this.#retryAt = 0
    const missing = this.#missing()
    if (missing.length > 0) this.#round = this.#run(missing)
  }

  /** Milliseconds until a failed round may be repeated; Infinity: none failed. */
  retryDelay(): number {
    return this.#retryAt === 0 ? Infinity : this.#retryAt - this.#options.now()
  }

  /** The round under way, for those who wait for a position outside poll. */
  get round(): Promise<void> | null {
    return this.#round
  }

  #missing(): Sought[] {
    const missing: Sought[] = []
    for (const state of this.#options.subscription.partitions) if (state.startAt !== null) missing.push({ state, epoch: state.epoch })
    return missing
  }

  async #run(sought: readonly Sought[]): Promise<void> {
    try {
      await this.#lookUpCommitted(sought.filter(({ state }) => state.startAt === 'committed'))
      const isComplete = await this.#lookUpLog(sought.filter(isCurrent).filter(({ state }) => state.startAt !== null))
      if (isComplete) this.#failures = 0
      else this.#backOff()
    } catch (thrown) {
      this.#fail(asKafkaError(thrown))
    } finally {
      this.#round = null
      this.#options.notify()
    }
  }

  #fail(error: KafkaError): void {
    if (!error.retriable) {
      this.#error = error
      return
    }
    this.#backOff()
    this.#options.log.debug('Positions could not be looked up and are tried again', error)
  }

  #backOff(): void {
    this.#failures++
    this.#retryAt = this.#options.now() + this.#options.backoff.after(this.#failures)
  }

  async #lookUpCommitted(sought: readonly Sought[]): Promise<void> {
    const { groupOffsets, log } = this.#options
    if (sought.length === 0) return
    const offsets = groupOffsets === null ? null : await groupOffsets.fetch(sought.map(({ state }) => state))
    for (const { state } of sought.filter(isCurrent)) {
      const committed = offsets?.get(partitionName(state))
      if (committed === undefined) {
        state.startAt = 'reset'
        continue
      }
      const { offset, leaderEpoch } = committed
      state.resume(offset, leaderEpoch)
      log.debug(`Setting offset for partition ${partitionName(state)} to the committed offset ${offset} (leader epoch ${leaderEpoch})`)
    }
  }

  /** @returns false when some leader could not tell now */
  async #lookUpLog(sought: readonly Sought[]): Promise<boolean> {
    const lost = this.#options.policy.timestamp === null ? sought.filter(({ state }) => state.startAt === 'reset') : []
    const byTime = await this.#ask(
      sought.filter((each) => !lost.includes(each)),
      (state) => this.#timestampFor(state),
    )
    // a reset by duration that finds no record so late starts with the next one
    const atEnd = await this.#ask(byTime.beyond, () => LATEST_TIMESTAMP)
    failForLost(lost.filter(isCurrent).map(({ state }) => state))
    return byTime.isComplete && atEnd.isComplete
  }

  async #ask(sought: readonly Sought[], timestamp: (state: PartitionState) => number): Promise<{ isComplete: boolean; beyond: Sought[] }> {
    if (sought.length === 0) return { isComplete: true, beyond: [] }
    const queries: OffsetQuery[] = sought.map(({ state }) => ({
      topic: state.topic,
      partition: state.partition,
      timestamp: timestamp(state),
    }))
    const answers = await this.#options.lookup.ask(queries)
    let isComplete = true
    const beyond: Sought[] = []
    for (const each of sought.filter(isCurrent)) {
      const answer = answers.get(partitionName(each.state))
      if (typeof answer !== 'number') {
        isComplete = false
        if (answer !== undefined && !answer.retriable) this.#error ??= answer
      } else if (answer < 0) beyond.push(each)
      else this.#reset(each.state, answer)
    }
    return { isComplete, beyond }
  }

  #timestampFor({ startAt }: PartitionState): number {
    if (startAt === 'beginning') return EARLIEST_TIMESTAMP
    return startAt === 'end' ? LATEST_TIMESTAMP : (this.#options.policy.timestamp?.() ?? LATEST_TIMESTAMP)
  }

  #reset(state: PartitionState, offset: number): void {
    const { log, policy } = this.#options
    const name = partitionName(state)
    if (state.startAt !== 'reset') log.debug(`Setting offset for partition ${name} to its ${state.startAt ?? ''}, ${offset}`)
    else if (state.outOfRange < 0)
      log.info(`Found no committed offset for partition ${name}; resetting offset to ${offset} (${policy.text})`)
    else log.info(`Fetch offset ${state.outOfRange} is out of range for partition ${name}; resetting offset to ${offset} (${policy.text})`)
    state.moveTo(offset)
  }
}

/** `auto.offset.reset` is none. */
function failForLost(lost: readonly PartitionState[]): void {
  const outside = lost.find(({ outOfRange }) => outOfRange >= 0)
  if (outside !== undefined) throw offsetOutOfRange(outside, outside.outOfRange)
  if (lost.length > 0) throw noOffsetForPartition(lost)
}

function isCurrent({ state, epoch }: Sought): boolean {
  return state.epoch === epoch
}
