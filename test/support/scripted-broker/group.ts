import type { JoinGroupRequest, MemberRequest, SyncGroupRequest } from './apis/groups.ts'
import type { PartitionRef } from './apis/api.ts'

export interface JoinAnswer {
  readonly error: number
  readonly generationId: number
  readonly protocolName: string
  readonly leader: string
  readonly memberId: string
  readonly members: readonly { readonly memberId: string; readonly groupInstanceId: string | null; readonly metadata: Buffer }[]
}

export interface SyncAnswer {
  readonly error: number
  readonly assignment: Buffer
}

/** What the group APIs ask of a group, or of a node that is not its coordinator. */
export interface GroupBehaviour {
  readonly error: number
  join(request: JoinGroupRequest, clientId: string, memberIdRequired: boolean): Promise<JoinAnswer>
  sync(request: SyncGroupRequest): Promise<SyncAnswer>
  heartbeat(request: MemberRequest): number
  leave(memberId: string): number
  canCommit(request: MemberRequest): number
  commit(topic: string, partition: number, offset: number, leaderEpoch?: number): void
  committed(topic: string, partition: number): number
  committedEpoch(topic: string, partition: number): number
  committedPartitions(): PartitionRef[]
}

interface Member {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  protocols: JoinGroupRequest['protocols']
  assignment: Buffer
  joining: ((answer: JoinAnswer) => void) | null
  syncing: ((answer: SyncAnswer) => void) | null
  timer: NodeJS.Timeout | undefined
}

const [ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, MEMBER_ID_REQUIRED, FENCED_INSTANCE_ID] = [22, 25, 27, 79, 82]
const NO_BYTES = Buffer.alloc(0)

/** A classic consumer group: Empty → PreparingRebalance → CompletingRebalance → Stable. As Kafka's GroupMetadataManager does it. */
export class Group implements GroupBehaviour {
  readonly error = 0
  state: 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' = 'Empty'
  generationId = 0
  readonly members = new Map<string, Member>()
  readonly offsets = new Map<string, PartitionRef & { readonly offset: number; readonly leaderEpoch: number }>()
  readonly #pending = new Set<string>()
  #leader = ''
  #protocolName = ''
  #ids = 0
  #rebalanceTimer: NodeJS.Timeout | undefined

  async join(request: JoinGroupRequest, clientId: string, memberIdRequired: boolean): Promise<JoinAnswer> {
    const holder = this.#holderOf(request.groupInstanceId)
    if (request.memberId === '') {
      const memberId = `${request.groupInstanceId ?? clientId}-${++this.#ids}`
      if (holder !== undefined) return this.#replaceStatic(holder, memberId, request)
      if (memberIdRequired && request.groupInstanceId === null) {
        this.#pending.add(memberId)
        return refusal(MEMBER_ID_REQUIRED, memberId)
      }
      return this.#rejoin(this.#admit(memberId, request), true)
    }
    if (holder !== undefined && holder.memberId !== request.memberId) return refusal(FENCED_INSTANCE_ID, request.memberId)
    if (this.#pending.delete(request.memberId)) return this.#rejoin(this.#admit(request.memberId, request), true)
    const member = this.members.get(request.memberId)
    if (member === undefined) return refusal(UNKNOWN_MEMBER_ID, request.memberId)
    const isChanged = !sameProtocols(member.protocols, request.protocols)
    member.protocols = request.protocols
    return this.#rejoin(member, isChanged)
  }

  async sync(request: SyncGroupRequest): Promise<SyncAnswer> {
    const error = this.#check(request)
    const member = this.members.get(request.memberId)
    if (error !== 0 || member === undefined) return { error, assignment: NO_BYTES }
    if (this.state === 'PreparingRebalance') return { error: REBALANCE_IN_PROGRESS, assignment: NO_BYTES }
    this.#touch(member)
    if (this.state === 'Stable') return { error: 0, assignment: member.assignment }
    const answer = new Promise<SyncAnswer>((resolve) => (member.syncing = resolve))
    if (request.memberId === this.#leader) this.#assign(request.assignments)
    return answer
  }

  heartbeat(request: MemberRequest): number {
    const error = this.#check(request)
    if (error !== 0) return error
    this.#touch(this.members.get(request.memberId)!)
    return this.state === 'PreparingRebalance' ? REBALANCE_IN_PROGRESS : 0
  }

  leave(memberId: string): number {
    if (this.#pending.delete(memberId)) return 0
    return this.remove(memberId) ? 0 : UNKNOWN_MEMBER_ID
  }

  canCommit(request: MemberRequest): number {
    if (request.generationId < 0 && request.memberId === '') return this.members.size === 0 ? 0 : UNKNOWN_MEMBER_ID
    const error = this.#check(request)
    if (error !== 0) return error
    this.#touch(this.members.get(request.memberId)!)
    return this.state === 'CompletingRebalance' ? REBALANCE_IN_PROGRESS : 0
  }

  commit(topic: string, partition: number, offset: number, leaderEpoch = -1): void {
    this.offsets.set(`${topic}-${partition}`, { topic, partition, offset, leaderEpoch })
  }

  committed(topic: string, partition: number): number {
    return this.offsets.get(`${topic}-${partition}`)?.offset ?? -1
  }

  committedEpoch(topic: string, partition: number): number {
    return this.offsets.get(`${topic}-${partition}`)?.leaderEpoch ?? -1
  }

  committedPartitions(): PartitionRef[] {
    return [...this.offsets.values()]
  }

  /** Takes a member out, as an expired session does. */
  remove(memberId: string): boolean {
    const member = this.members.get(memberId)
    if (member === undefined) return false
    clearTimeout(member.timer)
    this.members.delete(memberId)
    member.joining?.(refusal(UNKNOWN_MEMBER_ID, memberId))
    member.syncing?.({ error: UNKNOWN_MEMBER_ID, assignment: NO_BYTES })
    this.rebalance()
    return true
  }

  /** Everybody has to join again; waits for those who are members. */
  rebalance(): void {
    if (this.state !== 'PreparingRebalance') {
      for (const member of this.members.values()) {
        member.syncing?.({ error: REBALANCE_IN_PROGRESS, assignment: NO_BYTES })
        member.syncing = null
      }
      this.state = 'PreparingRebalance'
      const timeoutMs = Math.max(0, ...[...this.members.values()].map((member) => member.rebalanceTimeoutMs))
      this.#rebalanceTimer = setTimeout(() => this.#completeJoin(), timeoutMs).unref()
    }
    if ([...this.members.values()].every((member) => member.joining !== null)) this.#completeJoin()
  }

  close(): void {
    clearTimeout(this.#rebalanceTimer)
    for (const member of this.members.values()) clearTimeout(member.timer)
  }

  #admit(memberId: string, request: JoinGroupRequest): Member {
    const { groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request
    const member: Member = {
      ...{ memberId, groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocols },
      ...{ assignment: NO_BYTES, joining: null, syncing: null, timer: undefined },
    }
    this.members.set(memberId, member)
    return member
  }

  async #rejoin(member: Member, isChanged: boolean): Promise<JoinAnswer> {
    this.#touch(member)
    const isSettled = this.state === 'Stable' || this.state === 'CompletingRebalance'
    if (isSettled && !isChanged && !(this.state === 'Stable' && member.memberId === this.#leader)) return this.#joinAnswer(member)
    const answer = new Promise<JoinAnswer>((resolve) => (member.joining = resolve))
    this.rebalance()
    return answer
  }

  /** A restarted static member takes its old place without a rebalance; it is told the old leader id. */
  async #replaceStatic(old: Member, memberId: string, request: JoinGroupRequest): Promise<JoinAnswer> {
    clearTimeout(old.timer)
    old.joining?.(refusal(FENCED_INSTANCE_ID, old.memberId))
    old.syncing?.({ error: FENCED_INSTANCE_ID, assignment: NO_BYTES })
    this.members.delete(old.memberId)
    const member = this.#admit(memberId, request)
    member.assignment = old.assignment
    const leader = this.#leader
    if (leader === old.memberId) this.#leader = memberId
    if (this.state !== 'Stable' || !sameProtocols(old.protocols, request.protocols)) return this.#rejoin(member, true)
    this.#touch(member)
    return { ...this.#joinAnswer(member), leader, members: [] }
  }

  #completeJoin(): void {
    clearTimeout(this.#rebalanceTimer)
    for (const member of [...this.members.values()]) {
      if (member.joining !== null || member.groupInstanceId !== null) continue
      clearTimeout(member.timer)
      this.members.delete(member.memberId)
    }
    this.generationId++
    const [first] = this.members.values()
    if (first === undefined) {
      this.state = 'Empty'
      return
    }
    if (!this.members.has(this.#leader)) this.#leader = first.memberId
    this.#protocolName = this.#commonProtocol(first)
    this.state = 'CompletingRebalance'
    for (const member of this.members.values()) {
      member.joining?.(this.#joinAnswer(member))
      member.joining = null
      this.#touch(member)
    }
  }

  #commonProtocol(first: Member): string {
    const isCommon = (name: string): boolean =>
      [...this.members.values()].every((each) => each.protocols.some((protocol) => protocol.name === name))
    return first.protocols.find(({ name }) => isCommon(name))?.name ?? ''
  }

  #joinAnswer(member: Member): JoinAnswer {
    const { generationId } = this
    const [protocolName, leader] = [this.#protocolName, this.#leader]
    const members = member.memberId === leader ? [...this.members.values()].map((each) => this.#described(each)) : []
    return { error: 0, generationId, protocolName, leader, memberId: member.memberId, members }
  }

  #described({ memberId, groupInstanceId, protocols }: Member): JoinAnswer['members'][number] {
    return { memberId, groupInstanceId, metadata: protocols.find(({ name }) => name === this.#protocolName)?.metadata ?? NO_BYTES }
  }

  #assign(assignments: SyncGroupRequest['assignments']): void {
    this.state = 'Stable'
    for (const member of this.members.values()) {
      member.assignment = assignments.find(({ memberId }) => memberId === member.memberId)?.assignment ?? NO_BYTES
      member.syncing?.({ error: 0, assignment: member.assignment })
      member.syncing = null
      this.#touch(member)
    }
  }

  #check({ memberId, generationId, groupInstanceId }: MemberRequest): number {
    const holder = this.#holderOf(groupInstanceId)
    if (holder !== undefined && holder.memberId !== memberId) return FENCED_INSTANCE_ID
    if (!this.members.has(memberId)) return UNKNOWN_MEMBER_ID
    return generationId === this.generationId ? 0 : ILLEGAL_GENERATION
  }

  #holderOf(groupInstanceId: string | null): Member | undefined {
    if (groupInstanceId === null) return undefined
    return [...this.members.values()].find((member) => member.groupInstanceId === groupInstanceId)
  }

  #touch(member: Member): void {
    clearTimeout(member.timer)
    member.timer = setTimeout(() => this.#expire(member), member.sessionTimeoutMs).unref()
  }

  #expire(member: Member): void {
    if (member.joining !== null || member.syncing !== null) this.#touch(member)
    else this.remove(member.memberId)
  }
}

/** Answers everything with one error: a scripted one, or that this node is not the coordinator. */
export class RefusingGroup implements GroupBehaviour {
  readonly error: number

  constructor(error: number) {
    this.error = error
  }

  async join({ memberId }: JoinGroupRequest): Promise<JoinAnswer> {
    return refusal(this.error, memberId)
  }

  async sync(): Promise<SyncAnswer> {
    return { error: this.error, assignment: NO_BYTES }
  }

  heartbeat(): number {
    return this.error
  }

  leave(): number {
    return this.error
  }

  canCommit(): number {
    return this.error
  }

  commit(): void {
    throw new Error('A group that refuses takes no offsets')
  }

  committed(): number {
    return -1
  }

  committedEpoch(): number {
    return -1
  }

  committedPartitions(): PartitionRef[] {
    return []
  }
}

function refusal(error: number, memberId: string): JoinAnswer {
  return { error, generationId: -1, protocolName: '', leader: '', memberId, members: [] }
}

function sameProtocols(a: JoinGroupRequest['protocols'], b: JoinGroupRequest['protocols']): boolean {
  return a.length === b.length && a.every(({ name, metadata }, index) => name === b[index]!.name && metadata.equals(b[index]!.metadata))
}
