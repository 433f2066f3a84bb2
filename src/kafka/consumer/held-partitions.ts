import type { Logger } from '../../api/logger.ts'
import type { RebalanceListener, TopicPartition } from '../ports.ts'
import type { JoinedGeneration } from './group-join.ts'
import { partitionName, type SubscriptionState } from './subscription-state.ts'

/** The partitions that a member of a group has been given, and the listener that hears of each change. */
export class HeldPartitions {
  listener: RebalanceListener = NO_LISTENER
  readonly #subscription: SubscriptionState
  readonly #log: Logger
  #givingBack: Promise<void> | null = null

  constructor(subscription: SubscriptionState, log: Logger) {
    this.#subscription = subscription
    this.#log = log
  }

  /** Takes in what a join gave, with the committed offsets. The listener is told by `reportTaken`. */
  take({ partitions, offsets }: JoinedGeneration): void {
    this.#subscription.assign(partitions, 'reset')
    for (const state of this.#subscription.partitions) {
      const committed = offsets.get(partitionName(state))
      if (committed !== undefined) state.resume(committed.offset, committed.leaderEpoch)
    }
    this.#log.debug(`Adding newly assigned partitions: ${names(partitions)}`)
  }

  async reportTaken(partitions: readonly TopicPartition[]): Promise<void> {
    await this.listener.onPartitionsAssigned(partitions)
  }

  /**
   * An empty revoke is not reported. Partitions stay assigned while the listener runs, so that it may ask for their positions; a close
   * that comes meanwhile waits for the same call.
   */
  giveBack(): Promise<void> {
    this.#givingBack ??= this.#giveBack().finally(() => {
      this.#givingBack = null
    })
    return this.#givingBack
  }

  async #giveBack(): Promise<void> {
    const revoked = this.#held()
    if (revoked.length === 0) return
    this.#log.info(`Revoke previously assigned partitions ${names(revoked)}`)
    try {
      await this.listener.onPartitionsRevoked(revoked)
    } finally {
      this.#release()
    }
  }

  /** Others may have them already: they are gone before the listener hears of it. */
  async lose(): Promise<void> {
    const lost = this.#held()
    this.#release()
    if (lost.length === 0) return
    this.#log.debug(
      `Giving away all assigned partitions as lost since generation/memberID has been reset, indicating that consumer is in old state or no longer part of the group: ${names(lost)}`,
    )
    await this.listener.onPartitionsLost(lost)
  }

  #release(): void {
    this.#subscription.assign([], 'committed')
  }

  #held(): readonly TopicPartition[] {
    return this.#subscription.partitions.map(({ topic, partition }) => ({ topic, partition }))
  }
}

const NO_LISTENER: RebalanceListener = {
  onPartitionsRevoked: () => Promise.resolve(),
  onPartitionsAssigned: () => Promise.resolve(),
  onPartitionsLost: () => Promise.resolve(),
}

function names(partitions: readonly TopicPartition[]): string {
  return partitions.map(partitionName).join(', ')
}
