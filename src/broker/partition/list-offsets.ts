import type { AnswerRequest } from '../api.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { checkLeaderEpoch } from './leader-epoch.ts'
import type { RecordLog, RecordTopics } from './record-log.ts'

type ListOffsetsRequest = DecodedRequest<'ListOffsets'>
type WantedPartition = ListOffsetsRequest['topics'][number]['partitions'][number]
type PartitionAnswer = ResponseMessages['ListOffsets']['topics'][number]['partitions'][number]

const READ_COMMITTED = 1

/** Timestamps that ask for a place in the log. */
const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5

/** The version that brought each of them. Kafka: ListOffsetsHandler, `timestampMinSupportedVersion`. */
const SINCE: ReadonlyMap<number, number> = new Map([
  [LATEST, 1],
  [EARLIEST, 1],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
])

/** Offsets by place or by time. Kafka: KafkaApis#handleListOffsetRequest, UnifiedLog#fetchOffsetByTimestamp. */
export function listOffsets(topics: RecordTopics): AnswerRequest<'ListOffsets'> {
  return async (request, { version }) => {
    const repeated = repeatedPartitions(request)
    const isCommitted = request.isolationLevel === READ_COMMITTED
    const answered = []
    for (const { name, partitions } of request.topics) {
      const answers: PartitionAnswer[] = []
      for (const wanted of partitions) {
        const isRepeated = repeated.has(`${name}-${wanted.partitionIndex}`)
        const log = isRepeated ? null : topics.partition(name, wanted.partitionIndex)
        if (log !== null) answers.push(await listed(log, wanted, isCommitted, version))
        else answers.push(notFound(wanted, isRepeated ? Errors.INVALID_REQUEST : Errors.UNKNOWN_TOPIC_OR_PARTITION))
      }
      answered.push({ name, partitions: answers })
    }
    return { throttleTimeMs: 0, topics: answered }
  }
}

/** A partition that is named twice is answered with an error, as Kafka does. */
function repeatedPartitions(request: ListOffsetsRequest): ReadonlySet<string> {
  const seen = new Set<string>()
  const repeated = new Set<string>()
  for (const { name, partitions } of request.topics)
    for (const { partitionIndex } of partitions) {
      const partition = `${name}-${partitionIndex}`
      if (seen.has(partition)) repeated.add(partition)
      seen.add(partition)
    }
  return repeated
}

async function listed(log: RecordLog, wanted: WantedPartition, isCommitted: boolean, version: number): Promise<PartitionAnswer> {
  const { partitionIndex, currentLeaderEpoch, timestamp } = wanted
  try {
    if (timestamp < 0 && version < (SINCE.get(timestamp) ?? Infinity)) return notFound(wanted, Errors.UNSUPPORTED_VERSION)
    const error = checkLeaderEpoch(currentLeaderEpoch, log.leaderEpoch)
    if (error !== Errors.NONE) return notFound(wanted, error)
    const found = await find(log, timestamp, isCommitted ? log.lastStableOffset : log.highWatermark)
    if (found === null) return notFound(wanted, Errors.NONE)
    const leaderEpoch = timestamp === LATEST ? log.leaderEpoch : log.leaderEpochAt(found.offset)
    return { partitionIndex, errorCode: Errors.NONE, ...found, leaderEpoch }
  } catch (error) {
    if (error instanceof ApiError) return notFound(wanted, error.error)
    throw error
  }
}

interface Found {
  readonly offset: number
  /** -1 for a place in the log. */
  readonly timestamp: number
}

const NOT_FOUND: Found = { offset: -1, timestamp: -1 }

/** @param end what the reader may see ends before this offset */
async function find(log: RecordLog, timestamp: number, end: number): Promise<Found | null> {
  switch (timestamp) {
    case LATEST:
      return { offset: end, timestamp: -1 }
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { offset: log.logStartOffset, timestamp: -1 }
    case LATEST_TIERED:
      return null
    case MAX_TIMESTAMP:
      return beforeEnd(await log.offsetOfMaxTimestamp(), end)
    default:
      return beforeEnd(await log.offsetForTime(timestamp), end)
  }
}

/** A record that the reader may not see yet is none to it. */
function beforeEnd(found: Found | null, end: number): Found | null {
  return found !== null && found.offset < end ? { offset: found.offset, timestamp: found.timestamp } : null
}

function notFound({ partitionIndex }: WantedPartition, errorCode: ErrorNumber): PartitionAnswer {
  return { partitionIndex, errorCode, ...NOT_FOUND, leaderEpoch: -1 }
}
