import type { Logger } from '../../api/logger.ts'
import type { Clock } from '../clock.ts'
import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'
import type { CommittedOffsets } from './committed-offsets.ts'
import type { GroupConfig } from './group-config.ts'
import type { Group } from './group.ts'
import type { Groups } from './groups.ts'
import type { OffsetEntry } from './offset-table.ts'
import type { Rebalance } from './rebalance.ts'

/** From whom offsets come. */
export interface Committer {
  readonly groupId: string
  /** Negative: from nobody in the group, such as an administrator or a consumer without group management. */
  readonly generation: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface OffsetToCommit {
  readonly topic: string
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly committedMetadata: string | null
}

interface OffsetCommitsOptions {
  readonly groups: Groups
  readonly offsets: CommittedOffsets
  readonly rebalance: Rebalance
  readonly clock: Clock
  readonly config: GroupConfig
  readonly log: Logger
}

/** Who may commit offsets, and their keeping. As Apache Kafka 4.3.1, OffsetMetadataManager and ClassicGroup#validateOffsetCommit. */
export class OffsetCommits {
  readonly #groups: Groups
  readonly #offsets: CommittedOffsets
  readonly #rebalance: Rebalance
  readonly #clock: Clock
  readonly #config: GroupConfig
  readonly #log: Logger

  constructor({ groups, offsets, rebalance, clock, config, log }: OffsetCommitsOptions) {
    this.#groups = groups
    this.#offsets = offsets
    this.#rebalance = rebalance
    this.#clock = clock
    this.#config = config
    this.#log = log
  }

  /**
   * A commit keeps the member's session, as a heartbeat does.
   * @param unknownGroup what a member is told when there is no such group: it depends on the version
   * @throws ApiError when the committer may not
   */
  admit(committer: Committer, unknownGroup: ErrorNumber): void {
    const group = this.#groupOf(committer, unknownGroup)
    this.#check(group, committer, false)
    const member = group.members.get(committer.memberId)
    if (member !== undefined) this.#rebalance.keepAlive(group, member)
  }

  /** @throws ApiError when the committer may not (KIP-447: members fence themselves by their generation) */
  admitTransactional(committer: Committer): void {
    this.#check(this.#groupOf(committer, Errors.ILLEGAL_GENERATION), committer, true)
  }

  #groupOf({ groupId, generation }: Committer, unknownGroup: ErrorNumber): Group {
    const group = generation < 0 ? this.#groups.getOrCreate(groupId) : this.#groups.find(groupId)
    if (group === null) throw new ApiError(unknownGroup)
    return group
  }

  #check(group: Group, { generation, memberId, groupInstanceId }: Committer, isTransactional: boolean): void {
    if (generation < 0 && group.state === 'Empty') return
    if (generation >= 0 || memberId !== '' || groupInstanceId !== null) {
      group.validMember(memberId, groupInstanceId)
      if (generation !== group.generation) throw new ApiError(Errors.ILLEGAL_GENERATION)
    } else if (!isTransactional) {
      // from outside while the group has members: it would undo what they commit
      throw new ApiError(Errors.UNKNOWN_MEMBER_ID)
    }
    if (!isTransactional && group.state === 'CompletingRebalance') throw new ApiError(Errors.REBALANCE_IN_PROGRESS)
  }

  /** @param retentionMs -1: the broker's. @returns error code; NONE when the offset is kept */
  commit(groupId: string, offset: OffsetToCommit, retentionMs: number): Promise<number> {
    const { topic, partitionIndex } = offset
    return this.#keep(groupId, offset, () => this.#offsets.commit(groupId, topic, partitionIndex, this.#entry(offset, retentionMs)))
  }

  /** @returns error code; NONE when the offset is kept for the end of the transaction */
  commitTransactional(groupId: string, producerId: number, offset: OffsetToCommit): Promise<number> {
    const { topic, partitionIndex } = offset
    return this.#keep(groupId, offset, () => this.#offsets.addPending(producerId, groupId, topic, partitionIndex, this.#entry(offset, -1)))
  }

  async #keep(groupId: string, offset: OffsetToCommit, write: () => Promise<void>): Promise<number> {
    if (this.#isTooLarge(offset)) return Errors.OFFSET_METADATA_TOO_LARGE
    try {
      await write()
      return Errors.NONE
    } catch (error) {
      this.#log.warn(
        `Failed to write the offset of ${offset.topic}-${offset.partitionIndex} of group ${groupId}; the client tries again`,
        error,
      )
      return Errors.NOT_COORDINATOR
    }
  }

  /** Java counts characters here, whatever the key's name says. */
  #isTooLarge({ committedMetadata }: OffsetToCommit): boolean {
    return committedMetadata !== null && committedMetadata.length > this.#config.offsetMetadataMaxBytes
  }

  #entry({ committedOffset, committedLeaderEpoch, committedMetadata }: OffsetToCommit, retentionMs: number): Omit<OffsetEntry, 'sequence'> {
    const now = this.#clock.now()
    return {
      offset: committedOffset,
      leaderEpoch: committedLeaderEpoch,
      metadata: committedMetadata ?? '',
      commitTimestamp: now,
      expireTimestamp: retentionMs === -1 ? null : now + retentionMs,
    }
  }
}
