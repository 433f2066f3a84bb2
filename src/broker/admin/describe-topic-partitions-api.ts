import type { DecodedRequest } from '../protocol/codec.ts'
import { Errors, type ErrorNumber } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { isValidTopicName } from '../topic/topic-name.ts'
import type { Topics } from '../topic/topics.ts'
import { AuthorizedOperations } from './cluster-view.ts'
import { leaderOf, ZERO_UUID } from './metadata-api.ts'

type Answer = ResponseMessages['DescribeTopicPartitions']
type Cursor = NonNullable<Answer['nextCursor']>

/** `max.request.partition.size.limit` */
const MOST_PARTITIONS = 2000

/** Answers DescribeTopicPartitions: topics in the order of their names, page by page. Apache Kafka 4.3.1, DescribeTopicPartitionsRequestHandler. */
export function describeTopicPartitions(
  { topics: asked, cursor, responsePartitionLimit }: DecodedRequest<'DescribeTopicPartitions'>,
  topics: Topics,
  nodeId: number,
): Answer {
  if (cursor !== null && isMisplaced(cursor, asked))
    return { topics: asked.map(({ name }) => absent(name, Errors.INVALID_REQUEST, AuthorizedOperations.NOT_ASKED)) }
  const names = asked.length === 0 ? Array.from(topics.all(), ({ name }) => name) : asked.map(({ name }) => name)
  const sorted = [...new Set(names)].sort().filter((name) => cursor === null || name >= cursor.topicName)
  const pages: Answer['topics'] = []
  let left = Math.max(1, Math.min(responsePartitionLimit, MOST_PARTITIONS))
  for (const name of sorted) {
    if (left === 0) return { topics: pages, nextCursor: { topicName: name, partitionIndex: 0 } }
    const first = cursor?.topicName === name ? cursor.partitionIndex : 0
    const page = topicPage(name, first, left, topics, nodeId)
    pages.push(page.topic)
    left -= page.topic.partitions.length
    if (page.next !== null) return { topics: pages, nextCursor: page.next }
  }
  return { topics: pages, nextCursor: null }
}

function topicPage(
  name: string,
  first: number,
  most: number,
  topics: Topics,
  nodeId: number,
): { topic: Answer['topics'][number]; next: Cursor | null } {
  const topic = topics.get(name)
  if (topic === null) {
    const errorCode = isValidTopicName(name) ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION
    return { topic: absent(name, errorCode, AuthorizedOperations.TOPIC), next: null }
  }
  const end = Math.min(first + most, topic.partitions.length)
  const partitions = topic.partitions.slice(first, end).map((log) => ({
    ...leaderOf(log, nodeId),
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
  }))
  return {
    topic: {
      errorCode: Errors.NONE,
      name,
      topicId: topic.id,
      isInternal: false,
      partitions,
      topicAuthorizedOperations: AuthorizedOperations.TOPIC,
    },
    next: end < topic.partitions.length ? { topicName: name, partitionIndex: end } : null,
  }
}

function absent(name: string, errorCode: ErrorNumber, topicAuthorizedOperations: number): Answer['topics'][number] {
  return { errorCode, name, topicId: ZERO_UUID, isInternal: false, partitions: [], topicAuthorizedOperations }
}

/** Where topics are named, the cursor is at one of them. */
function isMisplaced({ topicName, partitionIndex }: Cursor, asked: readonly { readonly name: string }[]): boolean {
  return partitionIndex < 0 || (asked.length > 0 && !asked.some(({ name }) => name === topicName))
}
