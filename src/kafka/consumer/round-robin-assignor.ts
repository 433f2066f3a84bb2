import type { TopicPartition } from '../ports.ts'
import { type Assignor, type AssignorMember, compareMembers, compareText, emptyAssignment } from './assignor.ts'

/** Deals all partitions, sorted by topic, to the members in turn, passing over those not subscribed. Apache Kafka 4.3, RoundRobinAssignor. */
export const roundRobinAssignor: Assignor = {
  name: 'roundrobin',
  assign(partitionCounts, members) {
    const assignment = emptyAssignment(members)
    const sorted = members.toSorted(compareMembers)
    let turn = 0
    for (const { topic, partition } of sortedPartitions(partitionCounts, members)) {
      while (!memberAt(sorted, turn).topics.includes(topic)) turn++
      assignment.get(memberAt(sorted, turn).memberId)?.push({ topic, partition })
      turn++
    }
    return assignment
  },
}

function memberAt(members: readonly AssignorMember[], turn: number): AssignorMember {
  const member = members[turn % members.length]
  if (member === undefined) throw new RangeError('a group without members has nothing to assign')
  return member
}

function sortedPartitions(partitionCounts: ReadonlyMap<string, number>, members: readonly AssignorMember[]): TopicPartition[] {
  const subscribed = new Set(members.flatMap((member) => member.topics))
  return [...partitionCounts]
    .filter(([topic]) => subscribed.has(topic))
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })))
}
