import type { AnswerRequest } from '../api.ts'
import { Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import type { RecordTopics } from './record-log.ts'

type PartitionAnswer = ResponseMessages['DescribeProducers']['topics'][number]['partitions'][number]

/** Who wrote to partitions lately, and since which offset a transaction is open. */
export function describeProducers(topics: RecordTopics): AnswerRequest<'DescribeProducers'> {
  return (request) => ({
    throttleTimeMs: 0,
    topics: request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => described(topics, name, partitionIndex)),
    })),
  })
}

function described(topics: RecordTopics, topic: string, partitionIndex: number): PartitionAnswer {
  const log = topics.partition(topic, partitionIndex)
  if (log === null) return { partitionIndex, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null, activeProducers: [] }
  return { partitionIndex, errorCode: Errors.NONE, errorMessage: null, activeProducers: [...log.producers()] }
}
