import type { Logger } from '../../api/logger.ts'
import type { Clock } from '../clock.ts'
import { Errors } from '../protocol/errors.ts'
import type { GroupConfig } from './group-config.ts'
import { joinRefused, type Group } from './group.ts'
import { NO_BYTES, type GroupMember } from './group-member.ts'
import type { Groups } from './groups.ts'

interface RebalanceOptions {
  readonly groups: Groups
  readonly clock: Clock
  readonly config: GroupConfig
  readonly log: Logger
}

/**
 * Moves groups from one generation to the next, and members that are not heard of any more out of them. The order of events is that of Apache
 * Kafka 4.3.1, GroupMetadataManager.
 */
export class Rebalance {
  readonly #groups: Groups
  readonly #clock: Clock
  readonly #config: GroupConfig
  readonly #log: Logger

  constructor({ groups, clock, config, log }: RebalanceOptions) {
    this.#groups = groups
    this.#clock = clock
    this.#config = config
    this.#log = log
  }

  /** Members changed: a rebalance begins, or the one under way may be complete now. */
  membersChanged(group: Group, reason: string): void {
    if (group.state === 'PreparingRebalance') this.joinMayBeComplete(group)
    else this.prepare(group, reason)
  }

  /** Asks all members to join again. */
  prepare(group: Group, reason: string): void {
    if (group.state === 'CompletingRebalance') this.#refuseWaitingSyncs(group, Errors.REBALANCE_IN_PROGRESS)
    group.pendingSyncs.clear()
    group.syncTimer?.cancel()
    const isInitial = group.state === 'Empty'
    this.#log.info(`Preparing to rebalance group ${group.id} in state ${group.state} with old generation ${group.generation} (${reason})`)
    group.transitionTo('PreparingRebalance', this.#clock.now())
    if (isInitial) {
      const delayMs = this.#config.initialRebalanceDelayMs
      this.#waitForFirstMembers(group, delayMs, Math.max(group.rebalanceTimeoutMs - delayMs, 0))
    } else if (group.hasEveryoneJoined) {
      this.#completeJoin(group)
    } else {
      this.#completeJoinAfter(group, group.rebalanceTimeoutMs)
    }
  }

  /** The first members of a group are given a while; each newcomer prolongs it, up to the rebalance timeout. */
  #waitForFirstMembers(group: Group, delayMs: number, remainingMs: number): void {
    group.joinTimer = this.#clock.after(delayMs, () => {
      if (!group.newMemberAdded || remainingMs === 0) {
        this.#completeJoin(group)
        return
      }
      group.newMemberAdded = false
      const nextMs = Math.min(this.#config.initialRebalanceDelayMs, remainingMs)
      this.#waitForFirstMembers(group, nextMs, Math.max(remainingMs - delayMs, 0))
    })
  }

  #completeJoinAfter(group: Group, ms: number): void {
    group.joinTimer = this.#clock.after(ms, () => this.#completeJoin(group))
  }

  /** The first generation of an empty group begins when its delay is over and not before. */
  joinMayBeComplete(group: Group): void {
    if (group.state === 'PreparingRebalance' && group.previousState !== 'Empty' && group.hasEveryoneJoined) this.#completeJoin(group)
  }

  /** Begins the next generation with those who joined, and with static members: they keep their place until their session ends. */
  #completeJoin(group: Group): void {
    group.joinTimer?.cancel()
    this.#removeAbsentDynamicMembers(group)
    if (group.members.size > 0 && !group.electJoinedLeader()) {
      this.#log.warn(`Group ${group.id} could not complete its rebalance because no member rejoined`)
      this.#completeJoinAfter(group, group.rebalanceTimeoutMs)
      return
    }
    group.beginGeneration(this.#clock.now())
    if (group.members.size === 0) this.#becomeEmpty(group)
    else this.#answerJoins(group)
  }

  #removeAbsentDynamicMembers(group: Group): void {
    const absent = [...group.members.values()].filter((member) => !member.isAwaitingJoin && member.groupInstanceId === null)
    for (const { id } of absent) group.remove(id)
    if (absent.length > 0) this.#log.info(`Group ${group.id} removed members who did not join again: ${ids(absent)}`)
  }

  #becomeEmpty(group: Group): void {
    this.#log.info(`Group ${group.id} with generation ${group.generation} is now empty`)
    this.#groups.save(group, new Map()).catch((error: unknown) => {
      // the members of the generation before would be back after a restart, and time out
      this.#log.warn(`Failed to write that group ${group.id} is empty`, error)
    })
  }

  #answerJoins(group: Group): void {
    this.#log.info(`Stabilized group ${group.id} generation ${group.generation} with ${group.members.size} members`)
    for (const member of group.members.values()) {
      member.completeJoin(group.joinAnswer(member))
      this.keepAlive(group, member)
      member.isNew = false
      group.pendingSyncs.add(member.id)
    }
    group.syncTimer = this.#clock.after(group.rebalanceTimeoutMs, () => this.#removeThoseWhoNeverSynced(group))
  }

  #removeThoseWhoNeverSynced(group: Group): void {
    if (group.pendingSyncs.size === 0) return
    const pending = [...group.pendingSyncs]
    for (const id of pending) group.remove(id)
    this.prepare(group, `removing ${pending.join(', ')} on pending sync request expiration`)
  }

  /** Hands everybody their share: the group is stable. */
  assign(group: Group, assignments: ReadonlyMap<string, Buffer>): void {
    for (const member of group.members.values()) {
      member.assignment = assignments.get(member.id) ?? NO_BYTES
      const { protocolType, protocolName } = group
      const waited = member.completeSync({ errorCode: Errors.NONE, protocolType, protocolName, assignment: member.assignment })
      if (waited) this.keepAlive(group, member)
    }
    group.transitionTo('Stable', this.#clock.now())
  }

  /** The assignment could not be kept: members join again. */
  assignmentFailed(group: Group, error: number): void {
    this.#refuseWaitingSyncs(group, error)
    this.prepare(group, `error ${error} when storing the group's assignment`)
  }

  #refuseWaitingSyncs(group: Group, errorCode: number): void {
    for (const member of group.members.values()) {
      member.assignment = NO_BYTES
      if (member.completeSync({ errorCode, assignment: NO_BYTES })) this.keepAlive(group, member)
    }
  }

  /** The member was heard of: its session begins anew. */
  keepAlive(group: Group, member: GroupMember, ms = member.terms.sessionTimeoutMs): void {
    member.session?.cancel()
    member.session = this.#clock.after(ms, () => this.#sessionExpired(group, member))
  }

  #sessionExpired(group: Group, member: GroupMember): void {
    if (member.isWaitingForUs) return // its session begins anew with our answer
    this.#log.info(`Member ${member.id} in group ${group.id} has failed, removing it from the group`)
    this.expel(group, member)
    this.membersWent(group, `removing member ${member.id} on heartbeat expiration`)
  }

  /** Takes a member out; whatever it still waits for is answered, so that it joins anew if it is alive. */
  expel(group: Group, member: GroupMember): void {
    member.completeJoin(joinRefused('', Errors.UNKNOWN_MEMBER_ID))
    member.completeSync({ errorCode: Errors.UNKNOWN_MEMBER_ID, assignment: NO_BYTES })
    group.remove(member.id)
  }

  /** After members were taken out. */
  membersWent(group: Group, reason: string): void {
    if (group.state === 'PreparingRebalance') this.#completeWhenAllAreThere(group)
    else if (group.state !== 'Empty') this.prepare(group, reason)
  }

  /** A new member did not come back with the id it was given. */
  pendingMemberWent(group: Group, memberId: string): void {
    group.forgetPending(memberId)
    this.#completeWhenAllAreThere(group)
  }

  #completeWhenAllAreThere(group: Group): void {
    if (group.state === 'PreparingRebalance' && group.hasEveryoneJoined) this.#completeJoin(group)
  }
}

function ids(members: readonly GroupMember[]): string {
  return members.map(({ id }) => id).join(', ')
}
