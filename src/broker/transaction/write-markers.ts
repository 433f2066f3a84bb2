import type { AnswerRequest } from '../api.ts'
import type { RecordTopics } from '../partition/record-log.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'

type Marker = DecodedRequest<'WriteTxnMarkers'>['markers'][number]

/** Ends transactions at partitions without their coordinator: how an administrator frees one that hangs (`kafka-transactions.sh abort`). */
export function writeTransactionMarkers(topics: RecordTopics): AnswerRequest<'WriteTxnMarkers'> {
  return async ({ markers }) => {
    const written = []
    for (const marker of markers) {
      const answers = []
      for (const { name, partitionIndexes } of marker.topics) {
        const partitions = []
        for (const partitionIndex of partitionIndexes)
          partitions.push({ partitionIndex, errorCode: await writeMarker(topics, marker, name, partitionIndex) })
        answers.push({ name, partitions })
      }
      written.push({ producerId: marker.producerId, topics: answers })
    }
    return { markers: written }
  }
}

async function writeMarker(topics: RecordTopics, marker: Marker, topic: string, index: number): Promise<ErrorNumber> {
  const log = topics.partition(topic, index)
  if (log === null) return Errors.UNKNOWN_TOPIC_OR_PARTITION
  try {
    const { producerId, producerEpoch, transactionResult, coordinatorEpoch } = marker
    const offset = log.appendMarker(producerId, producerEpoch, transactionResult ? 'commit' : 'abort', coordinatorEpoch)
    await log.whenSafe(offset + 1)
    return Errors.NONE
  } catch (error) {
    if (error instanceof ApiError) return error.error
    throw error
  }
}
