import type { Logger } from '../../api/logger.ts'
import { kafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { IsolationLevel, TopicPartition } from '../ports.ts'
import type { GroupMemberIdentity } from '../protocol/group-member.ts'
import { offsetCommit, type OffsetToCommit } from '../protocol/offset-commit.ts'
import { offsetFetch, type FetchedOffset } from '../protocol/offset-fetch.ts'
import type { GroupCoordinator } from './coordinator.ts'
import type { Retry } from './retry.ts'
import { partitionName } from './subscription-state.ts'

/** Of a group, by partition name. */
export type CommittedOffsets = ReadonlyMap<string, Pick<FetchedOffset, 'offset' | 'leaderEpoch'>>

/** An offset with the topic it is a position in: another one of the same name may be made meanwhile, and cannot be told from it. */
export interface PlacedOffset extends OffsetToCommit {
  /** As in `TopicMetadata`; absent as null. */
  readonly topicId?: string | null
}

/** In whose name offsets are committed, and who learns when the group refuses. */
export interface Committer {
  /** @throws KafkaError when there is no generation to commit in */
  commitIdentity(): GroupMemberIdentity
  /** The coordinator's code for a refused commit, to be turned into what the caller gets. */
  commitRefused(code: number, identity: GroupMemberIdentity): Error
}

/** A consumer with a group id that assigned its partitions itself: it commits for a group without members. */
export function standaloneCommitter(coordinator: GroupCoordinator): Committer {
  const identity = { groupId: coordinator.groupId, generationId: -1, memberId: '', groupInstanceId: null }
  return { commitIdentity: () => identity, commitRefused: (code) => coordinator.error(code) }
}

export interface GroupOffsetsOptions {
  readonly coordinator: GroupCoordinator
  readonly metadata: Metadata
  readonly retry: Retry
  readonly isolation: IsolationLevel
  readonly log: Logger
}

/** Reads and writes the group's committed offsets at its coordinator. */
export class GroupOffsets {
  readonly #options: GroupOffsetsOptions
  #lastCommit: Promise<void> = Promise.resolve()

  constructor(options: GroupOffsetsOptions) {
    this.#options = options
  }

  /**
   * Commits are sent one after the other, in call order, so that an older one never overwrites a newer one; each, however often it is
   * repeated, in the generation in which it was called: in a later one others may own the partitions, and be further. Offsets of a topic
   * that was deleted are left out: the group's offset of the one made anew would be a place that nobody has read up to.
   * @throws KafkaError when there is no generation to commit in
   */
  commit(offsets: readonly PlacedOffset[], committer: Committer, timeoutMs: number): Promise<void> {
    const identity = committer.commitIdentity()
    const turn = this.#lastCommit // its time runs meanwhile: what queues up while no coordinator answers is not waited for in turn
    const refused = new Set<string>()
    let lasting = offsets
    const commit = this.#options.retry.run('successfully committing offsets', timeoutMs, async () => {
      await turn
      lasting = lasting.filter((offset) => !this.#isOfDeleted(offset, refused))
      if (lasting.length > 0) await this.#send(lasting, identity, committer, refused)
    })
    this.#lastCommit = commit.catch(ignoreOutcome)
    return commit
  }

  /** Settles when every commit that was called has an outcome. */
  settled(): Promise<void> {
    return this.#lastCommit
  }

  /**
   * Metadata does not tell of topics that are not followed any more; those were `refused` if they are deleted. It may also come from an older
   * broker, which tells no ids, while others are newer.
   */
  #isOfDeleted({ topic, partition, offset, topicId = null }: PlacedOffset, refused: ReadonlySet<string>): boolean {
    const { metadata, log } = this.#options
    if (topicId === null) return false
    const known = metadata.topic(topic)
    const isThere = known === undefined ? !this.#isSaidUnknown(topic) && !refused.has(topic) : known.id === null || known.id === topicId
    if (isThere) return false
    log.warn(
      `Offset ${offset} of partition ${partitionName({ topic, partition })} is not committed: the topic that it was a position in is deleted`,
    )
    return true
  }

  #isSaidUnknown(topic: string): boolean {
    return this.#options.metadata.topicError(topic)?.number === UNKNOWN_TOPIC_OR_PARTITION
  }

  /** @param refused is told topics that the coordinator does not know */
  async #send(offsets: readonly PlacedOffset[], identity: GroupMemberIdentity, committer: Committer, refused: Set<string>): Promise<void> {
    const { coordinator, metadata } = this.#options
    const { partitions } = await coordinator.send(offsetCommit(identity, offsets))
    for (const { topic, partition, error } of partitions) {
      if (error === 0) continue
      if (error === UNKNOWN_TOPIC_OR_PARTITION) {
        refused.add(topic)
        metadata.requestRefresh()
      }
      throw PARTITION_ERRORS.has(error) ? kafkaError(error, { topic, partition }) : committer.commitRefused(error, identity)
    }
  }

  /** One attempt. @returns by partition name, only those that have an offset @throws KafkaError */
  async fetch(partitions: readonly TopicPartition[]): Promise<CommittedOffsets> {
    const { coordinator, isolation } = this.#options
    const requireStable = isolation === 'read_committed'
    const response = await coordinator.send(offsetFetch({ groupId: coordinator.groupId, partitions, requireStable }))
    if (response.error !== 0) throw coordinator.error(response.error)
    const offsets = new Map<string, FetchedOffset>()
    for (const found of response.partitions) {
      const { topic, partition, offset, error } = found
      if (error !== 0) throw PARTITION_ERRORS.has(error) ? kafkaError(error, { topic, partition }) : coordinator.error(error)
      if (offset >= 0) offsets.set(partitionName({ topic, partition }), found)
    }
    return offsets
  }

  /** As `fetch`, until it is answered. */
  committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<CommittedOffsets> {
    return this.#options.retry.run('the last committed offset for partitions could be determined', timeoutMs, () => this.fetch(partitions))
  }
}

const UNKNOWN_TOPIC_OR_PARTITION = 3
/** Codes that speak of the partition, not of the group: unknown topic, metadata too large, not authorised. */
const PARTITION_ERRORS = new Set([UNKNOWN_TOPIC_OR_PARTITION, 12, 29])

/** The caller of that commit has its error; the next commit only waits for its turn. */
function ignoreOutcome(): void {}
