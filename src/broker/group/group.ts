import type { Timer } from '../clock.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import { NO_BYTES, type GroupMember, type GroupProtocol, type JoinAnswer } from './group-member.ts'
import { subscribedTopics } from './subscribed-topics.ts'

/**
 * - Empty: no members; there may be offsets. Left when the first member joins.
 * - PreparingRebalance: members are asked to join again (heartbeats answer REBALANCE_IN_PROGRESS). Left when all have, or when the longest
 *   rebalance timeout of a member is over: those that did not come are out.
 * - CompletingRebalance: every member knows the new generation; the leader's SyncGroup with the assignment is waited for.
 * - Stable: members have their assignment and send heartbeats.
 *
 * Whenever members come, go, or ask for something else, the group prepares a rebalance again. (Kafka's fifth state, Dead, is what it tells of
 * groups that do not exist.)
 */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

/** A classic group: members, generation, and who leads. It keeps the books; when what happens is said in rebalance.ts. */
export class Group {
  readonly id: string
  state: GroupState = 'Empty'
  previousState: GroupState = 'Empty'
  /** Wall clock of the last change of state. */
  stateTimestamp: number
  generation = 0
  /** `consumer`, `connect`, …; null: nobody ever joined, somebody only keeps offsets under this name. */
  protocolType: string | null = null
  protocolName: string | null = null
  leaderId: string | null = null
  /** Of a group of consumers: what its members asked for in this generation. Null: unknown. */
  subscribedTopics: ReadonlySet<string> | null = null
  /** Somebody joined while the first members of an empty group are waited for. */
  newMemberAdded = false
  readonly members = new Map<string, GroupMember>()
  /** Ids that were given to new members and with which they have not come back yet; the timer forgets them. */
  readonly pendingJoins = new Map<string, Timer>()
  /** Members of this generation that did not send SyncGroup yet. */
  readonly pendingSyncs = new Set<string>()
  joinTimer: Timer | null = null
  syncTimer: Timer | null = null
  readonly #staticIds = new Map<string, string>()

  constructor(id: string, now: number) {
    this.id = id
    this.stateTimestamp = now
  }

  transitionTo(state: GroupState, now: number): void {
    this.previousState = this.state
    this.state = state
    this.stateTimestamp = now
  }

  get isConsumerGroup(): boolean {
    return this.protocolType === 'consumer'
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId
  }

  /** Id of the member that has this `group.instance.id` now. */
  staticMemberId(groupInstanceId: string): string | null {
    return this.#staticIds.get(groupInstanceId) ?? null
  }

  get staticMemberCount(): number {
    return this.#staticIds.size
  }

  add(member: GroupMember, protocolType: string): void {
    if (member.groupInstanceId !== null) this.#staticIds.set(member.groupInstanceId, member.id)
    if (this.members.size === 0) this.protocolType = protocolType
    this.leaderId ??= member.id
    this.members.set(member.id, member)
    this.forgetPending(member.id)
  }

  remove(memberId: string): void {
    const member = this.members.get(memberId)
    this.members.delete(memberId)
    this.pendingSyncs.delete(memberId)
    this.forgetPending(memberId)
    if (member === undefined) return
    member.session?.cancel()
    if (member.groupInstanceId !== null) this.#staticIds.delete(member.groupInstanceId)
    if (this.isLeader(memberId)) this.leaderId = this.members.keys().next().value ?? null
  }

  /** A static member came back under a new id: everything else stays. Requests that wait under the old id are told that they are fenced. */
  replaceStatic(old: GroupMember, id: string): GroupMember {
    const member = old.withId(id)
    fence(old)
    this.members.delete(old.id)
    this.members.set(id, member)
    if (member.groupInstanceId !== null) this.#staticIds.set(member.groupInstanceId, id)
    if (this.isLeader(old.id)) this.leaderId = id
    if (this.pendingSyncs.delete(old.id)) this.pendingSyncs.add(id)
    return member
  }

  forgetPending(memberId: string): void {
    this.pendingJoins.get(memberId)?.cancel()
    this.pendingJoins.delete(memberId)
  }

  /** @throws ApiError UNKNOWN_MEMBER_ID; FENCED_INSTANCE_ID: another member has its `group.instance.id` now */
  validMember(memberId: string, groupInstanceId: string | null): GroupMember {
    if (groupInstanceId !== null) {
      const current = this.staticMemberId(groupInstanceId)
      if (current !== null && current !== memberId) throw new ApiError(Errors.FENCED_INSTANCE_ID)
      if (current === null) throw new ApiError(Errors.UNKNOWN_MEMBER_ID)
    }
    const member = this.members.get(memberId)
    if (member === undefined) throw new ApiError(Errors.UNKNOWN_MEMBER_ID)
    return member
  }

  get awaitingJoinCount(): number {
    let count = 0
    for (const member of this.members.values()) if (member.isAwaitingJoin) count++
    return count
  }

  get hasEveryoneJoined(): boolean {
    return this.pendingJoins.size === 0 && this.awaitingJoinCount === this.members.size
  }

  get rebalanceTimeoutMs(): number {
    let longest = 0
    for (const { terms } of this.members.values()) longest = Math.max(longest, terms.rebalanceTimeoutMs)
    return longest
  }

  /** Whether a member that offers these could be in the group: the type is the group's, and every member supports one of them. */
  supports(protocolType: string, protocols: readonly GroupProtocol[]): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0
    return this.protocolType === protocolType && protocols.some(({ name }) => this.#isSupportedByAll(name))
  }

  /** Each member votes for its first choice among the protocols that all support. */
  selectProtocol(): string | null {
    const candidates = this.#commonProtocols()
    const votes = new Map<string, number>()
    for (const member of this.members.values()) {
      const choice = member.vote(candidates)
      if (choice !== null) votes.set(choice, (votes.get(choice) ?? 0) + 1)
    }
    let selected: string | null = null
    for (const [protocol, count] of votes) if (selected === null || count > (votes.get(selected) ?? 0)) selected = protocol
    return selected
  }

  #commonProtocols(): ReadonlySet<string> {
    const [first] = this.members.values()
    const offered = first?.terms.protocols ?? []
    return new Set(offered.map(({ name }) => name).filter((name) => this.#isSupportedByAll(name)))
  }

  #isSupportedByAll(protocol: string): boolean {
    for (const member of this.members.values()) if (!member.supports(protocol)) return false
    return true
  }

  /** A leader that is away loses its office to a member that has joined. @returns false: nobody joined */
  electJoinedLeader(): boolean {
    const leader = this.leaderId === null ? undefined : this.members.get(this.leaderId)
    if (leader?.isAwaitingJoin === true) return true
    for (const member of this.members.values()) {
      if (!member.isAwaitingJoin) continue
      this.leaderId = member.id
      return true
    }
    return false
  }

  beginGeneration(now: number): void {
    this.generation++
    this.protocolName = this.selectProtocol()
    this.subscribedTopics = this.topicsOfMembers()
    this.pendingSyncs.clear()
    this.transitionTo(this.members.size === 0 ? 'Empty' : 'CompletingRebalance', now)
  }

  /** What consumers in this group subscribed to, by the protocol that was selected. Null: no consumers, or metadata that is not Kafka's. */
  topicsOfMembers(): ReadonlySet<string> | null {
    if (!this.isConsumerGroup) return null
    return subscribedTopics([...this.members.values()].map((member) => member.metadata(this.protocolName)))
  }

  /** Unknown subscriptions of consumers count as subscribed to everything, so that no offset is deleted under their feet. */
  isSubscribedTo(topic: string): boolean {
    return this.subscribedTopics?.has(topic) ?? this.isConsumerGroup
  }

  /** What a member that is in the present generation is told. */
  joinAnswer(member: GroupMember): JoinAnswer {
    return {
      errorCode: Errors.NONE,
      generationId: this.generation,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leader: this.leaderId ?? '',
      memberId: member.id,
      members: this.isLeader(member.id) ? this.memberList() : [],
    }
  }

  memberList(): JoinAnswer['members'] {
    return Array.from(this.members.values(), (member) => ({
      memberId: member.id,
      groupInstanceId: member.groupInstanceId,
      metadata: member.metadata(this.protocolName),
    }))
  }

  cancelTimers(): void {
    this.joinTimer?.cancel()
    this.syncTimer?.cancel()
    for (const timer of this.pendingJoins.values()) timer.cancel()
    for (const member of this.members.values()) member.session?.cancel()
  }
}

/** JoinGroup without success. */
export function joinRefused(memberId: string, errorCode: number): JoinAnswer {
  return { errorCode, protocolType: null, protocolName: null, leader: '', memberId, members: [] }
}

function fence(member: GroupMember): void {
  member.session?.cancel()
  member.completeJoin(joinRefused(member.id, Errors.FENCED_INSTANCE_ID))
  member.completeSync({ errorCode: Errors.FENCED_INSTANCE_ID, assignment: NO_BYTES })
}
