import type { AnswerRequest } from '../api.ts'
import { Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { checkLeaderEpoch } from './leader-epoch.ts'
import type { RecordTopics } from './record-log.ts'

type PartitionAnswer = ResponseMessages['OffsetForLeaderEpoch']['topics'][number]['partitions'][number]

/** Where a leader's records end: readers compare it with their position to see whether it was cut off. */
export function offsetForLeaderEpoch(topics: RecordTopics): AnswerRequest<'OffsetForLeaderEpoch'> {
  return (request) => ({
    throttleTimeMs: 0,
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) =>
        endOfEpoch(topics, topic, partition, currentLeaderEpoch, leaderEpoch),
      ),
    })),
  })
}

function endOfEpoch(topics: RecordTopics, topic: string, partition: number, knownEpoch: number, wantedEpoch: number): PartitionAnswer {
  const nothing = { partition, leaderEpoch: -1, endOffset: -1 }
  const log = topics.partition(topic, partition)
  if (log === null) return { ...nothing, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION }
  const errorCode = checkLeaderEpoch(knownEpoch, log.leaderEpoch)
  const end = errorCode === Errors.NONE ? log.endOfLeaderEpoch(wantedEpoch) : null
  return { ...nothing, errorCode, ...end }
}
