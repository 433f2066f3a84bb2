import type { DecodedResponse } from '../../src/broker/protocol/codec.ts'
import { Errors } from '../../src/broker/protocol/errors.ts'
import { Writer } from '../../src/kafka/protocol/writer.ts'
import type { RawClient } from '../support/raw-client.ts'
import { coordinated, eventually } from './raw-requests.ts'

export interface MemberOptions {
  readonly group: string
  readonly instance?: string
  readonly protocols?: readonly string[]
  readonly protocolType?: string
  readonly sessionTimeoutMs?: number
  readonly rebalanceTimeoutMs?: number
  readonly joinVersion?: number
  /** Topics in its metadata, as consumers tell them. */
  readonly topics?: readonly string[]
  readonly userData?: Buffer
}

type JoinAnswer = DecodedResponse<'JoinGroup'>

/** One member of a classic group, which does what the test says and nothing by itself. Its join may wait, so it has a connection of its own. */
export class GroupMember {
  readonly raw: RawClient
  readonly options: MemberOptions
  memberId = ''
  generation = -1

  constructor(raw: RawClient, options: MemberOptions) {
    this.raw = raw
    this.options = options
  }

  /** Joins, with the id that the coordinator asks new members to come back with. */
  async join(): Promise<JoinAnswer> {
    let answer = await coordinated(() => this.joinOnce())
    if (answer.errorCode === Errors.MEMBER_ID_REQUIRED) {
      this.memberId = answer.memberId
      answer = await this.joinOnce()
    }
    if (answer.errorCode !== 0) return answer
    this.memberId = answer.memberId
    this.generation = answer.generationId
    return answer
  }

  joinOnce(): Promise<JoinAnswer> {
    const { group, instance = null, protocols = ['range'], protocolType = 'consumer', joinVersion = 5 } = this.options
    // members send no heartbeats by themselves: a broker that stands still must not lose them
    const { sessionTimeoutMs = 60_000, rebalanceTimeoutMs = 60_000, topics = [], userData } = this.options
    return this.raw.send('JoinGroup', joinVersion, {
      groupId: group,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.memberId,
      groupInstanceId: instance,
      protocolType,
      protocols: protocols.map((name) => ({ name, metadata: subscription(topics, userData) })),
    })
  }

  /** @param assignments by member; the leader's, others give none */
  sync(assignments: Readonly<Record<string, string | Buffer>> = {}, version = 3): Promise<DecodedResponse<'SyncGroup'>> {
    return this.raw.send('SyncGroup', version, {
      ...this.#identity(),
      protocolType: this.options.protocolType ?? 'consumer',
      protocolName: this.options.protocols?.[0] ?? 'range',
      assignments: Object.entries(assignments).map(([memberId, text]) => ({
        memberId,
        assignment: Buffer.isBuffer(text) ? text : Buffer.from(text),
      })),
    })
  }

  async heartbeat(version = 3): Promise<number> {
    return (await this.raw.send('Heartbeat', version, this.#identity())).errorCode
  }

  leave(version = 3): Promise<DecodedResponse<'LeaveGroup'>> {
    const { group, instance = null } = this.options
    const identity =
      version < 3 ? { memberId: this.memberId } : { members: [{ memberId: this.memberId, groupInstanceId: instance, reason: 'test' }] }
    return this.raw.send('LeaveGroup', version, { groupId: group, ...identity })
  }

  async commit(
    topic: string,
    committedOffset: number,
    changes: { version?: number; metadata?: string | null; partition?: number } = {},
  ): Promise<number> {
    const { version = 7, metadata = null, partition = 0 } = changes
    const { topics } = await this.raw.send('OffsetCommit', version, {
      groupId: this.options.group,
      generationIdOrMemberEpoch: this.generation,
      memberId: this.memberId,
      groupInstanceId: this.options.instance ?? null,
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, committedOffset, committedMetadata: metadata }] }],
    })
    return topics[0]!.partitions[0]!.errorCode
  }

  #identity() {
    const { group, instance = null } = this.options
    return { groupId: group, generationId: this.generation, memberId: this.memberId, groupInstanceId: instance }
  }
}

/** A consumer's metadata, ConsumerProtocolSubscription 0. Kafka leaves members without an answer when it cannot read it. */
export function subscription(topics: readonly string[], userData: Buffer | null = null): Buffer {
  const writer = new Writer().int16(0).stringArray(topics)
  if (userData === null) writer.int32(-1)
  else writer.bytes(userData)
  return Buffer.concat(writer.finish())
}

/** Joins and syncs a group's only member. */
export async function onlyMember(raw: RawClient, options: MemberOptions): Promise<GroupMember> {
  const member = new GroupMember(raw, options)
  await member.join()
  await member.sync({ [member.memberId]: 'all' })
  return member
}

/** All of them join, and again when others come, as clients do, until one generation has them all. @returns its number, and the leader's parts */
export async function settled(
  members: readonly GroupMember[],
): Promise<{ readonly generation: number; readonly assignments: readonly string[] }> {
  const settling = new Settling(members.length)
  const assignments = await Promise.all(members.map((member) => settling.take(member)))
  return { generation: settling.generation, assignments }
}

class Settling {
  readonly #count: number
  /** Set by the leader, when all are in it. */
  generation = -1

  constructor(count: number) {
    this.#count = count
  }

  async take(member: GroupMember): Promise<string> {
    for (;;) {
      const { errorCode, leader, members } = await member.join()
      if (errorCode !== 0) throw new Error(`JoinGroup is answered with ${errorCode}`)
      const parts = Object.fromEntries(members.map(({ memberId }) => [memberId, `part of ${memberId}`]))
      const synced = await member.sync(leader === member.memberId ? parts : {})
      if (synced.errorCode !== 0) continue
      if (members.length === this.#count) this.generation = member.generation
      if (await this.#isSettled(member)) return synced.assignment.toString()
    }
  }

  /** False: others came, and the member must join again. */
  async #isSettled(member: GroupMember): Promise<boolean> {
    const error = await eventually(
      () => member.heartbeat(),
      (answer) => answer !== 0 || this.generation === member.generation,
    )
    return error === 0
  }
}
