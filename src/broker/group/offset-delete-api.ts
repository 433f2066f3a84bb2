import type { ApiEntry } from '../api.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import type { Group } from './group.ts'
import type { GroupCoordinator } from './group-coordinator.ts'

type Request = DecodedRequest<'OffsetDelete'>
type DeletedTopic = ResponseMessages['OffsetDelete']['topics'][number]

/** An administrator takes offsets away, of topics that nobody in the group reads. */
export function offsetDeleteApi(coordinator: GroupCoordinator): ApiEntry<'OffsetDelete'> {
  return {
    versions: [0, 0],
    answer: async ({ groupId, topics }) => {
      try {
        if (groupId === '') throw new ApiError(Errors.INVALID_GROUP_ID)
        const group = coordinator.groupForOffsetDelete(groupId)
        return { errorCode: Errors.NONE, topics: await Promise.all(topics.map((topic) => deleteOffsets(coordinator, group, topic))) }
      } catch (error) {
        if (error instanceof ApiError) return { errorCode: error.error, topics: [] }
        throw error
      }
    },
  }
}

async function deleteOffsets(
  coordinator: GroupCoordinator,
  group: Group,
  { name, partitions }: Request['topics'][number],
): Promise<DeletedTopic> {
  const deletions = partitions.map(async ({ partitionIndex }) => ({
    partitionIndex,
    errorCode: await errorOfDeletion(coordinator, group, name, partitionIndex),
  }))
  return { name, partitions: await Promise.all(deletions) }
}

async function errorOfDeletion(coordinator: GroupCoordinator, group: Group, topic: string, partition: number): Promise<number> {
  if (!coordinator.topics.hasPartition(topic, partition)) return Errors.UNKNOWN_TOPIC_OR_PARTITION
  if (group.isSubscribedTo(topic)) return Errors.GROUP_SUBSCRIBED_TO_TOPIC
  await coordinator.deleteOffset(group.id, topic, partition)
  return Errors.NONE
}
