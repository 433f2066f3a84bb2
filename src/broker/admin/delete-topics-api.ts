import type { RequestContext } from '../api.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import type { Topic } from '../topic/topic.ts'
import type { Topics } from '../topic/topics.ts'
import { failureOf, repeated } from './api-failure.ts'
import { ZERO_UUID } from './metadata-api.ts'

type Request = DecodedRequest<'DeleteTopics'>
type TopicAnswer = ResponseMessages['DeleteTopics']['responses'][number]

const FIRST_VERSION_WITH_DISABLED = 3
const FIRST_VERSION_WITH_IDS = 6

interface Wanted {
  readonly name: string | null
  readonly topicId: string
}

/** Answers DeleteTopics. Apache Kafka 4.3.1, ControllerApis#deleteTopics. */
export class DeleteTopicsApi {
  readonly #topics: Topics
  readonly #config: BrokerConfig

  constructor(topics: Topics, config: BrokerConfig) {
    this.#topics = topics
    this.#config = config
  }

  async answer(request: Request, { version }: RequestContext): Promise<ResponseMessages['DeleteTopics']> {
    const wanted = version >= FIRST_VERSION_WITH_IDS ? request.topics : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
    if (!this.#config.settings['delete.topic.enable']) {
      const error = version < FIRST_VERSION_WITH_DISABLED ? Errors.INVALID_REQUEST : Errors.TOPIC_DELETION_DISABLED
      return { responses: wanted.map((topic) => refusal(topic, new ApiError(error))) }
    }
    const names = repeated(wanted.map(({ name }) => name).filter((name) => name !== null))
    const ids = repeated(wanted.map(({ topicId }) => topicId).filter((id) => id !== ZERO_UUID))
    const distinct = wanted.filter(
      (topic, index) => index === wanted.findIndex(({ name, topicId }) => name === topic.name && topicId === topic.topicId),
    )
    return { responses: await Promise.all(distinct.map((topic) => this.#topics.exclusively(() => this.#delete(topic, names, ids)))) }
  }

  async #delete(wanted: Wanted, repeatedNames: ReadonlySet<string>, repeatedIds: ReadonlySet<string>): Promise<TopicAnswer> {
    try {
      if (wanted.name !== null && repeatedNames.has(wanted.name)) throw new ApiError(Errors.INVALID_REQUEST, 'Duplicate topic name.')
      if (repeatedIds.has(wanted.topicId)) throw new ApiError(Errors.INVALID_REQUEST, 'Duplicate topic id.')
      const topic = this.#find(wanted)
      await this.#topics.delete(topic)
      return { name: topic.name, topicId: topic.id, errorCode: Errors.NONE, errorMessage: null }
    } catch (error) {
      return refusal(wanted, error)
    }
  }

  #find({ name, topicId }: Wanted): Topic {
    if (topicId !== ZERO_UUID && name !== null)
      throw new ApiError(Errors.INVALID_REQUEST, 'You may not specify both topic name and topic id.')
    if (topicId === ZERO_UUID && name === null) throw new ApiError(Errors.INVALID_REQUEST, 'Neither topic name nor id were specified.')
    const topic = name === null ? this.#topics.byId(topicId) : this.#topics.get(name)
    if (topic !== null) return topic
    throw new ApiError(name === null ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION)
  }
}

function refusal({ name, topicId }: Wanted, error: unknown): TopicAnswer {
  return { name, topicId, ...failureOf(error) }
}
