import type { TopicPartition } from '../ports.ts'

/** What the leader of a group knows of one member. */
export interface AssignorMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly topics: readonly string[]
}

/** Divides partitions among the members of a group. Every member must compute with the same rule: the group's leader alone runs it. */
export interface Assignor {
  /** Name in the group protocol, such as `range`. */
  readonly name: string
  /**
   * @param partitionCounts partitions of each topic that exists; topics that are not in it get no owner
   * @returns an entry for every member, empty when there is nothing for it
   */
  assign(partitionCounts: ReadonlyMap<string, number>, members: readonly AssignorMember[]): Map<string, TopicPartition[]>
}

/** The order in which members get their share: static members first by instance id, then by member id (AbstractPartitionAssignor.MemberInfo). */
export function compareMembers(a: AssignorMember, b: AssignorMember): number {
  if (a.groupInstanceId !== null && b.groupInstanceId !== null) return compareText(a.groupInstanceId, b.groupInstanceId)
  if (a.groupInstanceId !== null) return -1
  if (b.groupInstanceId !== null) return 1
  return compareText(a.memberId, b.memberId)
}

/** Order of UTF-16 code units, as Java's String.compareTo. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** An assignment to be filled: every member with no partitions. */
export function emptyAssignment(members: readonly AssignorMember[]): Map<string, TopicPartition[]> {
  return new Map(members.map((member) => [member.memberId, []]))
}
