import type { Logger } from '../../api/logger.ts'
import type { RequestContext } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'
import type { StateStore } from '../state/state-store.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { groupDefaults, type GroupConfig } from './group-config.ts'
import type { Group } from './group.ts'
import type { JoinAnswer, SyncAnswer } from './group-member.ts'
import type { GroupTopics } from './group-topics.ts'
import { Groups } from './groups.ts'
import { JoinGroup } from './join-group.ts'
import { LeaveGroup, type LeavingMember, type LeftMember } from './leave-group.ts'
import { OffsetCommits, type Committer, type OffsetToCommit } from './offset-commits.ts'
import { OffsetExpiration } from './offset-expiration.ts'
import type { OffsetEntry } from './offset-table.ts'
import { Rebalance } from './rebalance.ts'
import { SyncGroup } from './sync-group.ts'

/** The producer of a TxnOffsetCommit. */
export interface TransactionalProducer {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

export interface GroupCoordinatorOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly topics: GroupTopics
  readonly log: Logger
  /** What is not named has Kafka's default. */
  readonly config?: Partial<GroupConfig>
  /**
   * Whether the producer has a transaction open to which this group was added. Asked before offsets of a transaction are kept.
   * @throws ApiError INVALID_PRODUCER_EPOCH, INVALID_PRODUCER_ID_MAPPING, INVALID_TXN_STATE, CONCURRENT_TRANSACTIONS …
   */
  readonly verifyTransaction?: (producer: TransactionalProducer, groupId: string) => void
}

/**
 * Groups of consumers (and of whoever else uses Kafka's classic protocol to share work, such as Connect's distributed workers) and their
 * committed offsets. Behaves as Apache Kafka 4.3.1's; one broker coordinates all groups.
 *
 * Everything is in the state store: after a restart members of a stable group go on with heartbeats as if nothing had been.
 */
export class GroupCoordinator {
  readonly #groups: Groups
  readonly #rebalance: Rebalance
  readonly #offsets: CommittedOffsets
  readonly #commits: OffsetCommits
  readonly #expiration: OffsetExpiration
  readonly #join: JoinGroup
  readonly #sync: SyncGroup
  readonly #leave: LeaveGroup
  readonly #verifyTransaction: NonNullable<GroupCoordinatorOptions['verifyTransaction']>
  readonly topics: GroupTopics

  /** Sessions of the members that are in the state store begin now. */
  constructor({ state, clock, topics, log, config: given = {}, verifyTransaction = () => undefined }: GroupCoordinatorOptions) {
    const config = { ...groupDefaults, ...given }
    const groups = new Groups(state, clock)
    const offsets = new CommittedOffsets(state)
    const rebalance = new Rebalance({ groups, clock, config, log })
    this.topics = topics
    this.#groups = groups
    this.#offsets = offsets
    this.#rebalance = rebalance
    this.#verifyTransaction = verifyTransaction
    this.#commits = new OffsetCommits({ groups, offsets, rebalance, clock, config, log })
    this.#join = new JoinGroup({ groups, rebalance, clock, config, log })
    this.#sync = new SyncGroup({ groups, rebalance, log })
    this.#leave = new LeaveGroup({ groups, rebalance })
    this.#resume(config)
    this.#expiration = new OffsetExpiration({ groups, offsets, clock, config, log })
  }

  #resume({ maxSize }: GroupConfig): void {
    for (const id of this.#offsets.groups()) this.#groups.getOrCreate(id)
    for (const group of this.#groups.all()) {
      for (const member of group.members.values()) this.#rebalance.keepAlive(group, member)
      if (group.members.size > maxSize) this.#rebalance.prepare(group, `it has more than ${maxSize} members`)
    }
  }

  close(): void {
    this.#expiration.close()
    for (const group of this.#groups.all()) group.cancelTimers()
  }

  /** Resolves when the group's next generation begins, or at once with what keeps the member out. */
  join(request: DecodedRequest<'JoinGroup'>, context: RequestContext): Promise<JoinAnswer> {
    return this.#join.join(request, context)
  }

  /** Resolves when the leader's assignment is there and kept, or at once with what keeps the member from it. */
  sync(request: DecodedRequest<'SyncGroup'>): Promise<SyncAnswer> {
    return this.#sync.sync(request)
  }

  /** @throws ApiError: what the member has to do (REBALANCE_IN_PROGRESS: join again), or why it is none */
  heartbeat({ groupId, memberId, groupInstanceId, generationId }: DecodedRequest<'Heartbeat'>): void {
    if (groupId === '') throw new ApiError(Errors.INVALID_GROUP_ID)
    const group = this.#groups.ofMember(groupId)
    const member = group.validMember(memberId, groupInstanceId)
    if (generationId !== group.generation) throw new ApiError(Errors.ILLEGAL_GENERATION)
    this.#rebalance.keepAlive(group, member)
    if (group.state === 'PreparingRebalance') throw new ApiError(Errors.REBALANCE_IN_PROGRESS)
  }

  /** @throws ApiError INVALID_GROUP_ID */
  leave(groupId: string, members: readonly LeavingMember[]): LeftMember[] {
    return this.#leave.leave(groupId, members)
  }

  groups(): Iterable<Group> {
    return this.#groups.all()
  }

  /** @throws ApiError GROUP_ID_NOT_FOUND */
  group(id: string): Group {
    return this.#groups.get(id)
  }

  /** With its offsets. @throws ApiError NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND; what the state store throws */
  async deleteGroup(id: string): Promise<void> {
    const group = this.#groups.get(id)
    if (group.state !== 'Empty') throw new ApiError(Errors.NON_EMPTY_GROUP)
    await Promise.all([this.#offsets.deleteGroup(id), this.#groups.delete(group)])
  }

  /**
   * Whether this one may commit offsets; a member's session is kept.
   * @param unknownGroup what a member is told when there is no such group: it depends on the version
   * @throws ApiError when not
   */
  admitCommit(committer: Committer, unknownGroup: ErrorNumber): void {
    this.#commits.admit(committer, unknownGroup)
  }

  /** @param retentionMs -1: the broker's. @returns error code; NONE when the offset is kept. @throws what the state store throws */
  commit(groupId: string, offset: OffsetToCommit, retentionMs: number): Promise<number> {
    return this.#commits.commit(groupId, offset, retentionMs)
  }

  /** @throws ApiError when the producer, or the member whose offsets it commits, may not */
  admitTransactionalCommit(committer: Committer, producer: TransactionalProducer): void {
    this.#verifyTransaction(producer, committer.groupId)
    this.#commits.admitTransactional(committer)
  }

  /** @returns error code; NONE when the offset is kept for the end of the transaction. @throws what the state store throws */
  addOffset(groupId: string, producerId: number, offset: OffsetToCommit): Promise<number> {
    return this.#commits.commitTransactional(groupId, producerId, offset)
  }

  /** Groups to which the producer's open transaction commits offsets. */
  pendingOffsets(producerId: number): readonly string[] {
    return this.#offsets.pendingGroups(producerId)
  }

  /**
   * The producer's transaction ended: the offsets that were added to it are committed, or dropped. May be called again after an error or a
   * crash. @throws what the state store throws
   */
  completeTransaction(producerId: number, commit: boolean): Promise<void> {
    return this.#offsets.completeTransaction(producerId, commit)
  }

  /** Null: none. */
  offset(groupId: string, topic: string, partition: number): OffsetEntry | null {
    return this.#offsets.get(groupId, topic, partition)
  }

  offsets(groupId: string): ReadonlyMap<string, ReadonlyMap<number, OffsetEntry>> {
    return this.#offsets.topics(groupId)
  }

  /** Whether an open transaction is about to commit another offset. */
  isUnstable(groupId: string, topic: string, partition: number): boolean {
    return this.#offsets.hasPending(groupId, topic, partition)
  }

  /** @throws ApiError GROUP_ID_NOT_FOUND; NON_EMPTY_GROUP: it has members, and they are no consumers of which we know the topics */
  groupForOffsetDelete(id: string): Group {
    const group = this.#groups.get(id)
    if (group.state !== 'Empty' && !group.isConsumerGroup) throw new ApiError(Errors.NON_EMPTY_GROUP)
    return group
  }

  /** @throws what the state store throws */
  deleteOffset(groupId: string, topic: string, partition: number): Promise<void> {
    return this.#offsets.delete(groupId, topic, partition)
  }

  /** A topic is gone, and with it what was committed for it. @throws what the state store throws */
  topicDeleted(topic: string): Promise<void> {
    return this.#offsets.deleteTopic(topic)
  }
}
