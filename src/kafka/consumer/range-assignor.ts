import type { TopicPartition } from '../ports.ts'
import { type Assignor, type AssignorMember, compareMembers, emptyAssignment } from './assignor.ts'

/**
 * Gives each member a run of neighbouring partitions of every topic it subscribes to; the first members get one more
 * when the division leaves a rest. Apache Kafka 4.3, RangeAssignor without racks.
 */
export const rangeAssignor: Assignor = {
  name: 'range',
  assign(partitionCounts, members) {
    const assignment = emptyAssignment(members)
    const sorted = members.toSorted(compareMembers)
    for (const [topic, count] of partitionCounts) {
      const subscribers = sorted.filter((member) => member.topics.includes(topic))
      assignTopic(topic, count, subscribers, assignment)
    }
    return assignment
  },
}

function assignTopic(
  topic: string,
  count: number,
  subscribers: readonly AssignorMember[],
  assignment: Map<string, TopicPartition[]>,
): void {
  const share = Math.floor(count / subscribers.length)
  const rest = count % subscribers.length
  let next = 0
  subscribers.forEach((member, index) => {
    const end = next + share + (index < rest ? 1 : 0)
    for (; next < end; next++) assignment.get(member.memberId)?.push({ topic, partition: next })
  })
}
