import { ApiError, Errors } from '../protocol/errors.ts'
import type { Group } from './group.ts'
import type { Groups } from './groups.ts'
import type { Rebalance } from './rebalance.ts'

export interface LeavingMember {
  /** Empty: the static member of that `group.instance.id`, whoever it is now (administrators remove members so). */
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly reason?: string | null
}

export interface LeftMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly errorCode: number
}

/** Members go by themselves or are removed. As Apache Kafka 4.3.1, GroupMetadataManager#classicGroupLeave. */
export class LeaveGroup {
  readonly #groups: Groups
  readonly #rebalance: Rebalance

  constructor({ groups, rebalance }: { groups: Groups; rebalance: Rebalance }) {
    this.#groups = groups
    this.#rebalance = rebalance
  }

  /** @throws ApiError INVALID_GROUP_ID */
  leave(groupId: string, members: readonly LeavingMember[]): LeftMember[] {
    if (groupId === '') throw new ApiError(Errors.INVALID_GROUP_ID)
    const group = this.#groups.find(groupId)
    const left = members.map((member) => this.#leave(group, member))
    const gone = left.filter(({ errorCode }) => errorCode === Errors.NONE).map(({ memberId }) => memberId)
    if (group !== null && gone.length > 0) this.#rebalanceWithout(group, gone)
    return left
  }

  #leave(group: Group | null, { memberId, groupInstanceId }: LeavingMember): LeftMember {
    const errorCode = group === null ? Errors.UNKNOWN_MEMBER_ID : this.#errorOfLeaving(group, memberId, groupInstanceId)
    return { memberId, groupInstanceId, errorCode }
  }

  #errorOfLeaving(group: Group, memberId: string, groupInstanceId: string | null): number {
    if (group.pendingJoins.has(memberId)) {
      group.forgetPending(memberId)
      return Errors.NONE
    }
    try {
      const isNamedByInstance = memberId === '' && groupInstanceId !== null
      const id = isNamedByInstance ? (group.staticMemberId(groupInstanceId) ?? '') : memberId
      this.#rebalance.expel(group, group.validMember(id, groupInstanceId))
      return Errors.NONE
    } catch (error) {
      if (error instanceof ApiError) return error.error
      throw error
    }
  }

  #rebalanceWithout(group: Group, gone: readonly string[]): void {
    const reason = `explicit LeaveGroup request for (${gone.join(', ')}) members`
    if (group.state === 'PreparingRebalance') this.#rebalance.joinMayBeComplete(group)
    else if (group.state !== 'Empty') this.#rebalance.prepare(group, reason)
  }
}
