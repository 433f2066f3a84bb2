import type { Timer } from '../clock.ts'
import type { ResponseMessages } from '../protocol/messages.ts'

export type JoinAnswer = ResponseMessages['JoinGroup']
export type SyncAnswer = ResponseMessages['SyncGroup']

/** A way of sharing work that a member can follow (an assignor), and what it tells the leader when that one is chosen. */
export interface GroupProtocol {
  readonly name: string
  readonly metadata: Buffer
}

/** What a member says about itself when it joins. */
export interface MemberTerms {
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly protocols: readonly GroupProtocol[]
}

interface MemberIdentity {
  readonly id: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
}

export const NO_BYTES = Buffer.alloc(0)

/** One member of a group: who it is, what it asks for, what it was given, and its request that still waits for an answer. */
export class GroupMember {
  readonly id: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  terms: MemberTerms
  assignment: Buffer = NO_BYTES
  /** It never had an answer to its first JoinGroup, so it does not know its id and cannot send heartbeats. */
  isNew = false
  /** Set while its JoinGroup waits for the other members. */
  answerJoin: ((answer: JoinAnswer) => void) | null = null
  /** Set while its SyncGroup waits for the leader's. */
  answerSync: ((answer: SyncAnswer) => void) | null = null
  /** When it is taken for dead. */
  session: Timer | null = null

  constructor({ id, groupInstanceId, clientId, clientHost }: MemberIdentity, terms: MemberTerms) {
    this.id = id
    this.groupInstanceId = groupInstanceId
    this.clientId = clientId
    this.clientHost = clientHost
    this.terms = terms
  }

  get isAwaitingJoin(): boolean {
    return this.answerJoin !== null
  }

  /** Not dead although no heartbeat came: it waits for us. A new one may still be dead: its connection is not looked at meanwhile. */
  get isWaitingForUs(): boolean {
    return !this.isNew && (this.answerJoin !== null || this.answerSync !== null)
  }

  supports(protocol: string): boolean {
    return this.terms.protocols.some(({ name }) => name === protocol)
  }

  /** Its first choice among those. */
  vote(candidates: ReadonlySet<string>): string | null {
    return this.terms.protocols.find(({ name }) => candidates.has(name))?.name ?? null
  }

  metadata(protocol: string | null): Buffer {
    return this.terms.protocols.find(({ name }) => name === protocol)?.metadata ?? NO_BYTES
  }

  asksForTheSame(protocols: readonly GroupProtocol[]): boolean {
    const mine = this.terms.protocols
    if (mine.length !== protocols.length) return false
    return mine.every(({ name, metadata }, i) => name === protocols[i]?.name && metadata.equals(protocols[i].metadata))
  }

  /** The waiting JoinGroup, if there is one, gets this answer. */
  completeJoin(answer: JoinAnswer): void {
    const complete = this.answerJoin
    this.answerJoin = null
    complete?.(answer)
  }

  /** The waiting SyncGroup, if there is one, gets this answer. @returns whether there was one */
  completeSync(answer: SyncAnswer): boolean {
    const complete = this.answerSync
    this.answerSync = null
    complete?.(answer)
    return complete !== null
  }

  /** The same static member after a restart, under its new id. */
  withId(id: string): GroupMember {
    const member = new GroupMember({ ...this, id }, this.terms)
    member.assignment = this.assignment
    return member
  }
}
