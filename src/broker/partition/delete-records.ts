import type { AnswerRequest } from '../api.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import type { RecordTopics } from './record-log.ts'

type PartitionAnswer = ResponseMessages['DeleteRecords']['topics'][number]['partitions'][number]

/** In place of an offset: everything that may be read. */
const HIGH_WATERMARK = -1

/** Forgets records from the start of partitions. Kafka: KafkaApis#handleDeleteRecordsRequest, Partition#deleteRecordsOnLeader. */
export function deleteRecords(topics: RecordTopics): AnswerRequest<'DeleteRecords'> {
  return (request) => ({
    throttleTimeMs: 0,
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) => deleteBefore(topics, name, partitionIndex, offset)),
    })),
  })
}

function deleteBefore(topics: RecordTopics, topic: string, partitionIndex: number, offset: number): PartitionAnswer {
  try {
    const log = topics.partition(topic, partitionIndex)
    if (log === null) throw new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    const end = offset === HIGH_WATERMARK ? log.highWatermark : offset
    if (end < 0) throw new ApiError(Errors.OFFSET_OUT_OF_RANGE)
    return { partitionIndex, lowWatermark: log.deleteRecordsBefore(end), errorCode: Errors.NONE }
  } catch (error) {
    if (error instanceof ApiError) return { partitionIndex, lowWatermark: -1, errorCode: error.error }
    throw error
  }
}
