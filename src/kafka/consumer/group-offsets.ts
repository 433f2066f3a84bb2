import { kafkaError } from '../errors.ts'
import type { IsolationLevel, TopicPartition } from '../ports.ts'
import type { GroupMemberIdentity } from '../protocol/group-member.ts'
import { offsetCommit, type OffsetToCommit } from '../protocol/offset-commit.ts'
import { offsetFetch, type FetchedOffset } from '../protocol/offset-fetch.ts'
import type { GroupCoordinator } from './coordinator.ts'
import type { Retry } from './retry.ts'
import { partitionName } from './subscription-state.ts'

/** Of a group, by partition name. */
export type CommittedOffsets = ReadonlyMap<string, Pick<FetchedOffset, 'offset' | 'leaderEpoch'>>

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

/** Reads and writes the group's committed offsets at its coordinator. */
export class GroupOffsets {
  readonly #coordinator: GroupCoordinator
  readonly #retry: Retry
  readonly #isolation: IsolationLevel
  #lastCommit: Promise<void> = Promise.resolve()

  constructor(coordinator: GroupCoordinator, retry: Retry, isolation: IsolationLevel) {
    this.#coordinator = coordinator
    this.#retry = retry
    this.#isolation = isolation
  }

  /**
   * Commits are sent one after the other, in call order, so that an older one never overwrites a newer one; each, however often it is
   * repeated, in the generation in which it was called: in a later one others may own the partitions, and be further.
   * @throws KafkaError when there is no generation to commit in
   */
  commit(offsets: readonly OffsetToCommit[], committer: Committer, timeoutMs: number): Promise<void> {
    const identity = committer.commitIdentity()
    const turn = this.#lastCommit // its time runs meanwhile: what queues up while no coordinator answers is not waited for in turn
    const commit = this.#retry.run('successfully committing offsets', timeoutMs, async () => {
      await turn
      await this.#send(offsets, identity, committer)
    })
    this.#lastCommit = commit.catch(ignoreOutcome)
    return commit
  }

  /** Settles when every commit that was called has an outcome. */
  settled(): Promise<void> {
    return this.#lastCommit
  }

  async #send(offsets: readonly OffsetToCommit[], identity: GroupMemberIdentity, committer: Committer): Promise<void> {
    const { partitions } = await this.#coordinator.send(offsetCommit(identity, offsets))
    for (const { topic, partition, error } of partitions) {
      if (error === 0) continue
      throw PARTITION_ERRORS.has(error) ? kafkaError(error, { topic, partition }) : committer.commitRefused(error, identity)
    }
  }

  /** One attempt. @returns by partition name, only those that have an offset @throws KafkaError */
  async fetch(partitions: readonly TopicPartition[]): Promise<CommittedOffsets> {
    const requireStable = this.#isolation === 'read_committed'
    const response = await this.#coordinator.send(offsetFetch({ groupId: this.#coordinator.groupId, partitions, requireStable }))
    if (response.error !== 0) throw this.#coordinator.error(response.error)
    const offsets = new Map<string, FetchedOffset>()
    for (const found of response.partitions) {
      const { topic, partition, offset, error } = found
      if (error !== 0) throw PARTITION_ERRORS.has(error) ? kafkaError(error, { topic, partition }) : this.#coordinator.error(error)
      if (offset >= 0) offsets.set(partitionName({ topic, partition }), found)
    }
    return offsets
  }

  /** As `fetch`, until it is answered. */
  committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<CommittedOffsets> {
    return this.#retry.run('the last committed offset for partitions could be determined', timeoutMs, () => this.fetch(partitions))
  }
}

/** Codes that speak of the partition, not of the group: unknown topic, metadata too large, not authorised. */
const PARTITION_ERRORS = new Set([3, 12, 29])

/** The caller of that commit has its error; the next commit only waits for its turn. */
function ignoreOutcome(): void {}
