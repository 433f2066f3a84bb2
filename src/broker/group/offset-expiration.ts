import type { Logger } from '../../api/logger.ts'
import type { Clock, Timer } from '../clock.ts'
import type { CommittedOffsets } from './committed-offsets.ts'
import type { GroupConfig } from './group-config.ts'
import type { Group } from './group.ts'
import type { Groups } from './groups.ts'
import type { OffsetEntry } from './offset-table.ts'

interface OffsetExpirationOptions {
  readonly groups: Groups
  readonly offsets: CommittedOffsets
  readonly clock: Clock
  readonly config: GroupConfig
  readonly log: Logger
}

/**
 * Now and then forgets offsets that are past their retention, and empty groups that have none left. Offsets of a group that consumes stay; those
 * of topics to which its members are not subscribed any more go.
 */
export class OffsetExpiration {
  readonly #groups: Groups
  readonly #offsets: CommittedOffsets
  readonly #clock: Clock
  readonly #config: GroupConfig
  readonly #log: Logger
  #timer: Timer

  constructor({ groups, offsets, clock, config, log }: OffsetExpirationOptions) {
    this.#groups = groups
    this.#offsets = offsets
    this.#clock = clock
    this.#config = config
    this.#log = log
    this.#timer = this.#next()
  }

  close(): void {
    this.#timer.cancel()
  }

  #next(): Timer {
    return this.#clock.after(this.#config.offsetsRetentionCheckIntervalMs, () => {
      this.#timer = this.#next()
      this.#expire().catch((error: unknown) => this.#log.warn('Failed to remove expired offsets; tried again later', error))
    })
  }

  async #expire(): Promise<void> {
    const removals: Promise<void>[] = []
    for (const group of [...this.#groups.all()]) {
      const nothingLeft = this.#expireOffsetsOf(group, removals)
      if (!nothingLeft || group.state !== 'Empty' || group.pendingJoins.size > 0 || this.#offsets.isInTransaction(group.id)) continue
      this.#log.info(`Group ${group.id} is empty and has no offsets any more, removing it`)
      removals.push(this.#groups.delete(group))
    }
    await Promise.all(removals)
  }

  /** @returns whether the group has no offsets any more */
  #expireOffsetsOf(group: Group, removals: Promise<void>[]): boolean {
    let nothingLeft = true
    for (const [topic, partitions] of this.#offsets.topics(group.id)) {
      for (const [partition, entry] of [...partitions]) {
        if (this.#isExpired(group, topic, partition, entry)) removals.push(this.#offsets.delete(group.id, topic, partition))
        else nothingLeft = false
      }
    }
    return nothingLeft
  }

  #isExpired(group: Group, topic: string, partition: number, entry: OffsetEntry): boolean {
    const since = retentionStart(group, entry)
    if (since === null || group.isSubscribedTo(topic) || this.#offsets.hasPending(group.id, topic, partition)) return false
    const now = this.#clock.now()
    return entry.expireTimestamp === null ? now - since >= this.#config.offsetsRetentionMs : now >= entry.expireTimestamp
  }
}

/** From when an offset's retention counts; null: it is in use. As Apache Kafka 4.3.1, ClassicGroup#offsetExpirationCondition. */
function retentionStart(group: Group, { commitTimestamp }: OffsetEntry): number | null {
  if (group.protocolType === null) return commitTimestamp
  if (group.state === 'Empty') return group.stateTimestamp
  return group.state === 'Stable' && group.subscribedTopics !== null ? commitTimestamp : null
}
