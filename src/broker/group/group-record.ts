import type { JsonValue } from '../state/state-store.ts'
import { Group } from './group.ts'
import { GroupMember } from './group-member.ts'

type MemberRecord = {
  readonly id: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** base64, of the protocol that was selected */
  readonly subscription: string
  readonly assignment: string
}

type GroupRecord = {
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly generation: number
  readonly leader: string | null
  readonly stateTimestamp: number
  readonly members: readonly MemberRecord[]
}

/** What is kept of a group: as in Kafka, its last complete generation and no rebalance that is under way. */
export function groupRecord(group: Group, assignments: ReadonlyMap<string, Buffer>): JsonValue {
  const record: GroupRecord = {
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    generation: group.generation,
    leader: group.leaderId,
    stateTimestamp: group.stateTimestamp,
    members: Array.from(group.members.values(), (member) => memberRecord(member, group.protocolName, assignments)),
  }
  return record
}

function memberRecord(member: GroupMember, protocolName: string | null, assignments: ReadonlyMap<string, Buffer>): MemberRecord {
  return {
    id: member.id,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeoutMs: member.terms.rebalanceTimeoutMs,
    sessionTimeoutMs: member.terms.sessionTimeoutMs,
    subscription: member.metadata(protocolName).toString('base64'),
    assignment: assignments.get(member.id)?.toString('base64') ?? '',
  }
}

/** The group as it was; members know only the protocol that was selected until they join again. */
export function groupFromRecord(id: string, value: JsonValue): Group {
  const record = value as unknown as GroupRecord // written by groupRecord above
  const group = new Group(id, record.stateTimestamp)
  group.generation = record.generation
  group.protocolName = record.protocolName
  for (const member of record.members) group.add(memberFromRecord(member, record.protocolName), record.protocolType ?? '')
  group.protocolType = record.protocolType
  group.leaderId = record.leader
  group.state = group.members.size === 0 ? 'Empty' : 'Stable'
  group.subscribedTopics = group.topicsOfMembers()
  return group
}

function memberFromRecord(record: MemberRecord, protocolName: string | null): GroupMember {
  const protocols = [{ name: protocolName ?? '', metadata: Buffer.from(record.subscription, 'base64') }]
  const { rebalanceTimeoutMs, sessionTimeoutMs } = record
  const member = new GroupMember(record, { rebalanceTimeoutMs, sessionTimeoutMs, protocols })
  member.assignment = Buffer.from(record.assignment, 'base64')
  return member
}
