import type { Logger } from '../../api/logger.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { Group } from './group.ts'
import { NO_BYTES, type GroupMember, type SyncAnswer } from './group-member.ts'
import type { Groups } from './groups.ts'
import type { Rebalance } from './rebalance.ts'

type SyncRequest = DecodedRequest<'SyncGroup'>

/** The leader brings the assignment, each member fetches its share. As Apache Kafka 4.3.1, GroupMetadataManager#classicGroupSync. */
export class SyncGroup {
  readonly #groups: Groups
  readonly #rebalance: Rebalance
  readonly #log: Logger

  constructor({ groups, rebalance, log }: { groups: Groups; rebalance: Rebalance; log: Logger }) {
    this.#groups = groups
    this.#rebalance = rebalance
    this.#log = log
  }

  /** Resolves when the leader's assignment is there and kept, or at once with what keeps the member from it. */
  async sync(request: SyncRequest): Promise<SyncAnswer> {
    try {
      return await this.#sync(request)
    } catch (error) {
      if (error instanceof ApiError) return { errorCode: error.error, assignment: NO_BYTES }
      throw error
    }
  }

  #sync(request: SyncRequest): SyncAnswer | Promise<SyncAnswer> {
    if (request.groupId === '') throw new ApiError(Errors.INVALID_GROUP_ID)
    const group = this.#groups.ofMember(request.groupId)
    const member = validMember(group, request)
    switch (group.state) {
      case 'Empty':
        throw new ApiError(Errors.UNKNOWN_MEMBER_ID)
      case 'PreparingRebalance':
        throw new ApiError(Errors.REBALANCE_IN_PROGRESS)
      case 'CompletingRebalance':
        group.pendingSyncs.delete(member.id)
        return this.#awaitAssignment(group, member, request)
      case 'Stable': {
        group.pendingSyncs.delete(member.id)
        const { protocolType, protocolName } = group
        return { errorCode: Errors.NONE, protocolType, protocolName, assignment: member.assignment }
      }
    }
  }

  #awaitAssignment(group: Group, member: GroupMember, request: SyncRequest): Promise<SyncAnswer> {
    return new Promise((resolve) => {
      member.answerSync = resolve
      if (group.isLeader(member.id)) this.#keepAssignment(group, request)
    })
  }

  /** Members get their share when it is kept, so that after a restart the group is the one they know. */
  #keepAssignment(group: Group, request: SyncRequest): void {
    const generation = group.generation
    const assignments = new Map(request.assignments.map(({ memberId, assignment }) => [memberId, Buffer.from(assignment)]))
    const isStillAwaited = () => group.state === 'CompletingRebalance' && group.generation === generation
    this.#groups.save(group, assignments).then(
      () => {
        if (isStillAwaited()) this.#rebalance.assign(group, assignments)
      },
      (error: unknown) => {
        this.#log.warn(`Failed to write the assignment of group ${group.id} in generation ${generation}; its members join again`, error)
        if (isStillAwaited()) this.#rebalance.assignmentFailed(group, Errors.NOT_COORDINATOR)
      },
    )
  }
}

function validMember(group: Group, request: SyncRequest): GroupMember {
  const member = group.validMember(request.memberId, request.groupInstanceId)
  if (request.generationId !== group.generation) throw new ApiError(Errors.ILLEGAL_GENERATION)
  if (differ(request.protocolType, group.protocolType) || differ(request.protocolName, group.protocolName)) {
    throw new ApiError(Errors.INCONSISTENT_GROUP_PROTOCOL)
  }
  return member
}

function differ(requested: string | null, ofGroup: string | null): boolean {
  return requested !== null && ofGroup !== null && requested !== ofGroup
}
