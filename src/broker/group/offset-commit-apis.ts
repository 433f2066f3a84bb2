import type { ApiEntry } from '../api.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { GroupTopics } from './group-topics.ts'
import type { OffsetToCommit } from './offset-commits.ts'

/** From this version topics are named by their ids. */
const TOPIC_IDS_FROM = 10
/** From this version a member of a group that does not exist is told so. */
const GROUP_ID_NOT_FOUND_FROM = 9
/** From this version of TxnOffsetCommit clients know the error TRANSACTION_ABORTABLE. */
const TRANSACTION_ABORTABLE_FROM = 4

export function offsetCommitApi(coordinator: GroupCoordinator): ApiEntry<'OffsetCommit'> {
  return {
    versions: [2, TOPIC_IDS_FROM],
    answer: async (request, { version }) => {
      const { groupId, memberId, groupInstanceId, retentionTimeMs } = request
      const unknownGroup = version >= GROUP_ID_NOT_FOUND_FROM ? Errors.GROUP_ID_NOT_FOUND : Errors.ILLEGAL_GENERATION
      const committer = { groupId, memberId, groupInstanceId, generation: request.generationIdOrMemberEpoch }
      const topics = namedTopics(request, version, coordinator.topics)
      const answers = await commitTopics(coordinator.topics, topics, {
        admit: () => coordinator.admitCommit(committer, unknownGroup),
        commit: (offset) => coordinator.commit(groupId, offset, retentionTimeMs),
      })
      return { topics: answers.map((answer, i) => ({ ...answer, topicId: request.topics[i]?.topicId ?? '' })) }
    },
  }
}

export function txnOffsetCommitApi(coordinator: GroupCoordinator): ApiEntry<'TxnOffsetCommit'> {
  return {
    versions: [0, 5],
    answer: async (request, { version }) => {
      const { groupId, memberId, groupInstanceId, producerId } = request
      const committer = { groupId, memberId, groupInstanceId, generation: request.generationId }
      const topics = request.topics.map((topic) => ({ ...topic, unknown: Errors.UNKNOWN_TOPIC_OR_PARTITION }))
      const answers = await commitTopics(coordinator.topics, topics, {
        admit: () => {
          if (groupId === '') throw new ApiError(Errors.INVALID_GROUP_ID)
          coordinator.admitTransactionalCommit(committer, request)
        },
        commit: (offset) => coordinator.addOffset(groupId, producerId, offset),
      })
      return { throttleTimeMs: 0, topics: answers.map((topic) => ({ ...topic, partitions: topic.partitions.map(forVersion(version)) })) }
    },
  }
}

/** Clients of this API have other words for what keeps a transaction from going on. */
function forVersion(version: number) {
  return ({ partitionIndex, errorCode }: CommittedPartition): CommittedPartition => {
    if (errorCode === Errors.PRODUCER_FENCED) return { partitionIndex, errorCode: Errors.INVALID_PRODUCER_EPOCH }
    const isUnknownToIt = errorCode === Errors.TRANSACTION_ABORTABLE && version < TRANSACTION_ABORTABLE_FROM
    return { partitionIndex, errorCode: isUnknownToIt ? Errors.INVALID_TXN_STATE : errorCode }
  }
}

interface TopicToCommit {
  /** Empty: there is no such topic. */
  readonly name: string
  readonly partitions: readonly Omit<OffsetToCommit, 'topic'>[]
  /** Error of a partition that does not exist. */
  readonly unknown: ErrorNumber
}

interface Commits {
  /** Asked once, before anything is committed, if any partition exists. @throws ApiError: the error of all partitions that do */
  readonly admit: () => void
  /** @returns error code of the partition */
  readonly commit: (offset: OffsetToCommit) => Promise<number>
}

interface CommittedTopic {
  readonly name: string
  readonly partitions: CommittedPartition[]
}

interface CommittedPartition {
  readonly partitionIndex: number
  readonly errorCode: number
}

function namedTopics(request: DecodedRequest<'OffsetCommit'>, version: number, topics: GroupTopics): TopicToCommit[] {
  return request.topics.map(({ name, topicId, partitions }) => {
    if (version < TOPIC_IDS_FROM) return { name, partitions, unknown: Errors.UNKNOWN_TOPIC_OR_PARTITION }
    const known = topics.nameOf(topicId)
    return { name: known ?? '', partitions, unknown: known === null ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION }
  })
}

async function commitTopics(
  existing: GroupTopics,
  topics: readonly TopicToCommit[],
  { admit, commit }: Commits,
): Promise<CommittedTopic[]> {
  const exists = (topic: TopicToCommit, index: number) => topic.name !== '' && existing.hasPartition(topic.name, index)
  const anyExists = topics.some((topic) => topic.partitions.some(({ partitionIndex }) => exists(topic, partitionIndex)))
  const refusal = anyExists ? refusalOf(admit) : Errors.NONE
  return Promise.all(
    topics.map(async (topic) => {
      const partitions = topic.partitions.map(async (partition) => {
        const { partitionIndex } = partition
        if (!exists(topic, partitionIndex)) return { partitionIndex, errorCode: topic.unknown }
        if (refusal !== Errors.NONE) return { partitionIndex, errorCode: refusal }
        return { partitionIndex, errorCode: await commit({ ...partition, topic: topic.name }) }
      })
      return { name: topic.name, partitions: await Promise.all(partitions) }
    }),
  )
}

function refusalOf(admit: () => void): ErrorNumber {
  try {
    admit()
    return Errors.NONE
  } catch (error) {
    if (error instanceof ApiError) return error.error
    throw error
  }
}
