import type { ApiEntry } from '../api.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { Errors } from '../protocol/errors.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { OffsetEntry } from './offset-table.ts'

/** From this version a request asks for many groups. */
const GROUPS_FROM = 8
/** From this version topics are named by their ids. */
const TOPIC_IDS_FROM = 10

type Request = DecodedRequest<'OffsetFetch'>
type RequestedTopics = Request['groups'][number]['topics']

interface FetchedTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: FetchedPartition[]
}

interface FetchedPartition {
  partitionIndex: number
  committedOffset: number
  committedLeaderEpoch: number
  metadata: string
  errorCode: number
}

/** Committed offsets. A group that does not exist has none; that is no error. */
export function offsetFetchApi(coordinator: GroupCoordinator): ApiEntry<'OffsetFetch'> {
  return {
    versions: [1, TOPIC_IDS_FROM],
    answer: (request, { version }) => {
      const fetch = new OffsetFetch(coordinator, request.requireStable, version)
      if (version < GROUPS_FROM) return { topics: fetch.topics(request.groupId, request.topics && withIds(request.topics)) }
      return { groups: request.groups.map(({ groupId, topics }) => ({ groupId, topics: fetch.topics(groupId, topics) })) }
    },
  }
}

function withIds(topics: NonNullable<Request['topics']>): RequestedTopics {
  return topics.map((topic) => ({ ...topic, topicId: '' }))
}

class OffsetFetch {
  readonly #coordinator: GroupCoordinator
  readonly #requireStable: boolean
  readonly #version: number

  constructor(coordinator: GroupCoordinator, requireStable: boolean, version: number) {
    this.#coordinator = coordinator
    this.#requireStable = requireStable
    this.#version = version
  }

  /** @param requested null: all topics that have offsets */
  topics(groupId: string, requested: RequestedTopics): FetchedTopic[] {
    return requested === null ? this.#all(groupId) : requested.map((topic) => this.#requested(groupId, topic))
  }

  #all(groupId: string): FetchedTopic[] {
    const fetched: FetchedTopic[] = []
    for (const [name, partitions] of this.#coordinator.offsets(groupId)) {
      const topicId = this.#version < TOPIC_IDS_FROM ? '' : this.#coordinator.topics.idOf(name)
      if (topicId === null) continue // it is being deleted
      fetched.push({ name, topicId, partitions: Array.from(partitions, ([index, entry]) => this.#partition(groupId, name, index, entry)) })
    }
    return fetched
  }

  #requested(groupId: string, { name, topicId, partitionIndexes }: NonNullable<RequestedTopics>[number]): FetchedTopic {
    const known = this.#version < TOPIC_IDS_FROM ? name : this.#coordinator.topics.nameOf(topicId)
    const partitions = partitionIndexes.map((index) => {
      if (known === null) return withoutOffset(index, Errors.UNKNOWN_TOPIC_ID)
      return this.#partition(groupId, known, index, this.#coordinator.offset(groupId, known, index))
    })
    return { name: known ?? '', topicId, partitions }
  }

  #partition(groupId: string, topic: string, index: number, entry: OffsetEntry | null): FetchedPartition {
    if (this.#requireStable && this.#coordinator.isUnstable(groupId, topic, index))
      return withoutOffset(index, Errors.UNSTABLE_OFFSET_COMMIT)
    if (entry === null) return withoutOffset(index, Errors.NONE)
    return {
      partitionIndex: index,
      committedOffset: entry.offset,
      committedLeaderEpoch: entry.leaderEpoch,
      metadata: entry.metadata,
      errorCode: Errors.NONE,
    }
  }
}

function withoutOffset(partitionIndex: number, errorCode: number): FetchedPartition {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode }
}
