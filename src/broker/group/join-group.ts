import type { Logger } from '../../api/logger.ts'
import type { RequestContext } from '../api.ts'
import type { Clock } from '../clock.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import type { GroupConfig } from './group-config.ts'
import { joinRefused, type Group } from './group.ts'
import { GroupMember, type JoinAnswer, type MemberTerms } from './group-member.ts'
import type { Groups } from './groups.ts'
import type { Rebalance } from './rebalance.ts'

/** A new member that waits longer than this in a rebalance has probably given up: its connection is not looked at meanwhile. */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000

/** From this version a new member first gets an id and joins again with it. */
const MEMBER_ID_REQUIRED_FROM = 4

/** From this version the leader can be told that the assignment stands and none is to be made. */
const SKIP_ASSIGNMENT_FROM = 9

interface JoinGroupOptions {
  readonly groups: Groups
  readonly rebalance: Rebalance
  readonly clock: Clock
  readonly config: GroupConfig
  readonly log: Logger
}

type Answer = (answer: JoinAnswer) => void

/** One JoinGroup on its way: the member may have to wait for all others. */
interface Join {
  readonly request: DecodedRequest<'JoinGroup'>
  readonly context: RequestContext
  readonly terms: MemberTerms
  readonly answer: Answer
}

/** Who may join a group, and what follows from it. As Apache Kafka 4.3.1, GroupMetadataManager#classicGroupJoin. */
export class JoinGroup {
  readonly #groups: Groups
  readonly #rebalance: Rebalance
  readonly #clock: Clock
  readonly #config: GroupConfig
  readonly #log: Logger

  constructor({ groups, rebalance, clock, config, log }: JoinGroupOptions) {
    this.#groups = groups
    this.#rebalance = rebalance
    this.#clock = clock
    this.#config = config
    this.#log = log
  }

  /** Resolves when the group's next generation begins, or at once with what keeps the member out. */
  join(request: DecodedRequest<'JoinGroup'>, context: RequestContext): Promise<JoinAnswer> {
    return new Promise((resolve) => {
      try {
        this.#join({ request, context, terms: termsOf(request, context.version), answer: resolve })
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        resolve(joinRefused(request.memberId, error.error))
      }
    })
  }

  #join(join: Join): void {
    const { groupId, sessionTimeoutMs, memberId } = join.request
    if (groupId === '') throw new ApiError(Errors.INVALID_GROUP_ID)
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.#config
    if (sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs) throw new ApiError(Errors.INVALID_SESSION_TIMEOUT)
    const group = memberId === '' ? this.#groups.getOrCreate(groupId) : this.#groups.ofMember(groupId)
    if (!this.#hasRoomFor(group, memberId)) {
      group.remove(memberId)
      join.answer(joinRefused('', Errors.GROUP_MAX_SIZE_REACHED))
    } else if (!group.supports(join.request.protocolType, join.terms.protocols)) {
      throw new ApiError(Errors.INCONSISTENT_GROUP_PROTOCOL)
    } else if (memberId === '') {
      this.#joinUnknown(group, join)
    } else {
      this.#joinKnown(group, join)
    }
  }

  /** While members join again, those that wait count and not those that once were in: whoever comes last is out. */
  #hasRoomFor(group: Group, memberId: string): boolean {
    const member = group.members.get(memberId)
    switch (group.state) {
      case 'Empty':
        return true
      case 'PreparingRebalance':
        return member?.isAwaitingJoin === true || group.awaitingJoinCount < this.#config.maxSize
      case 'CompletingRebalance':
      case 'Stable':
        return member !== undefined || group.members.size < this.#config.maxSize
    }
  }

  #joinUnknown(group: Group, join: Join): void {
    const { groupInstanceId } = join.request
    const id = `${groupInstanceId ?? join.context.clientId}-${crypto.randomUUID()}`
    const existingId = groupInstanceId === null ? null : group.staticMemberId(groupInstanceId)
    const existing = existingId === null ? undefined : group.members.get(existingId)
    if (existing !== undefined) this.#replaceStatic(group, existing, id, join)
    else if (groupInstanceId === null && join.context.version >= MEMBER_ID_REQUIRED_FROM) this.#askToRejoinWith(id, group, join)
    else this.#addMember(group, id, join)
  }

  #askToRejoinWith(id: string, group: Group, { request, answer }: Join): void {
    const timer = this.#clock.after(request.sessionTimeoutMs, () => this.#rebalance.pendingMemberWent(group, id))
    group.pendingJoins.set(id, timer)
    answer(joinRefused(id, Errors.MEMBER_ID_REQUIRED))
  }

  #addMember(group: Group, id: string, { request, context, terms, answer }: Join): void {
    const { clientId, clientHost } = context
    const member = new GroupMember({ id, groupInstanceId: request.groupInstanceId, clientId, clientHost }, terms)
    member.isNew = true
    member.answerJoin = answer
    if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.newMemberAdded = true
    group.add(member, request.protocolType)
    this.#rebalance.keepAlive(group, member, NEW_MEMBER_JOIN_TIMEOUT_MS)
    this.#rebalance.membersChanged(group, `adding new member ${id}; client reason: ${reasonOf(request)}`)
  }

  #joinKnown(group: Group, join: Join): void {
    const { memberId, groupInstanceId } = join.request
    if (group.pendingJoins.has(memberId)) {
      if (groupInstanceId !== null) throw new ApiError(Errors.UNKNOWN_SERVER_ERROR)
      this.#addMember(group, memberId, join)
      return
    }
    const member = group.validMember(memberId, groupInstanceId)
    if (this.#startsRebalance(group, member, join.terms)) this.#update(group, member, join)
    else if (group.state === 'Empty') throw new ApiError(Errors.UNKNOWN_MEMBER_ID)
    else join.answer(group.joinAnswer(member))
  }

  /** A follower that asks for the same missed its answer. A leader of a stable group that joins wants a new assignment: topics changed. */
  #startsRebalance(group: Group, member: GroupMember, { protocols }: MemberTerms): boolean {
    switch (group.state) {
      case 'PreparingRebalance':
        return true
      case 'CompletingRebalance':
        return !member.asksForTheSame(protocols)
      case 'Stable':
        return group.isLeader(member.id) || !member.asksForTheSame(protocols)
      case 'Empty':
        return false
    }
  }

  #update(group: Group, member: GroupMember, { request, terms, answer }: Join): void {
    member.terms = terms
    member.answerJoin = answer
    this.#rebalance.membersChanged(group, `member ${member.id} joins again; client reason: ${reasonOf(request)}`)
  }

  /** A static member came back after a restart, within its session: if it asks for what was selected, nobody else needs to notice. */
  #replaceStatic(group: Group, old: GroupMember, id: string, join: Join): void {
    const oldLeader = group.leaderId
    const member = group.replaceStatic(old, id)
    this.#log.info(`Static member ${old.groupInstanceId} of group ${group.id} came back: ${old.id} is now ${id}`)
    this.#rebalance.keepAlive(group, member)
    member.terms = join.terms
    member.answerJoin = join.answer
    const reason = `static member ${id} joined again; client reason: ${reasonOf(join.request)}`
    if (group.state === 'Stable' && group.protocolName === group.selectProtocol()) this.#keepReplaced(group, member, old, oldLeader, join)
    else if (group.state === 'CompletingRebalance') this.#rebalance.prepare(group, reason)
    else this.#rebalance.membersChanged(group, reason)
  }

  #keepReplaced(group: Group, member: GroupMember, old: GroupMember, oldLeader: string | null, { context }: Join): void {
    const assignments = new Map(Array.from(group.members.values(), ({ id, assignment }) => [id, assignment]))
    this.#groups.save(group, assignments).then(
      () => member.completeJoin(replacedAnswer(group, member, oldLeader, context.version)),
      (error: unknown) => {
        this.#log.warn(`Failed to write that static member ${member.id} of group ${group.id} replaced ${old.id}`, error)
        member.completeJoin(joinRefused('', Errors.NOT_COORDINATOR))
        if (group.members.get(member.id) === member) this.#restore(group, member, old)
      },
    )
  }

  #restore(group: Group, member: GroupMember, old: GroupMember): void {
    const restored = group.replaceStatic(member, old.id)
    restored.terms = old.terms
    this.#rebalance.keepAlive(group, restored)
  }
}

/**
 * Before version 9 a leader that came back is not told that it leads, as it would make an assignment that nobody asked for: it hears its old
 * id as the leader's.
 */
function replacedAnswer(group: Group, member: GroupMember, oldLeader: string | null, version: number): JoinAnswer {
  const answer = group.joinAnswer(member)
  if (version >= SKIP_ASSIGNMENT_FROM) return { ...answer, skipAssignment: group.isLeader(member.id) }
  return { ...answer, leader: oldLeader ?? '', members: [] }
}

/** Outlives the request: the bytes are copied. Version 0 had one time-out for both. */
function termsOf(request: DecodedRequest<'JoinGroup'>, version: number): MemberTerms {
  return {
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: version === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
    protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
  }
}

function reasonOf({ reason }: DecodedRequest<'JoinGroup'>): string {
  return reason ?? 'not provided'
}
