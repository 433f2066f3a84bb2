import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import type { Topic } from '../topic/topic.ts'
import type { Topics } from '../topic/topics.ts'
import { failureOf, repeated } from './api-failure.ts'
import { excessivePartitions, MAX_PARTITIONS_PER_REQUEST } from './partition-limit.ts'
import { checkAssignment } from './replica-assignment.ts'

type Request = DecodedRequest<'CreatePartitions'>
type TopicAnswer = ResponseMessages['CreatePartitions']['results'][number]

/** Kafka says no more than the code. */
const NO_MESSAGE = ''

/** Answers CreatePartitions. Apache Kafka 4.3.1, ReplicationControlManager#createPartitions. */
export class CreatePartitionsApi {
  readonly #topics: Topics
  readonly #nodeId: number

  constructor(topics: Topics, nodeId: number) {
    this.#topics = topics
    this.#nodeId = nodeId
  }

  async answer({ topics, validateOnly }: Request): Promise<ResponseMessages['CreatePartitions']> {
    const twice = repeated(topics.map(({ name }) => name))
    const refused = Array.from(twice, (name) => ({
      name,
      errorCode: Errors.INVALID_REQUEST,
      errorMessage: 'Duplicate topic name.',
    }))
    const once = topics.filter(({ name }) => !twice.has(name))
    const answers = await Promise.all(once.map((topic) => this.#topics.exclusively(() => this.#answerTopic(topic, validateOnly))))
    return { throttleTimeMs: 0, results: [...refused, ...answers] }
  }

  async #answerTopic(wanted: Request['topics'][number], validateOnly: boolean): Promise<TopicAnswer> {
    try {
      const topic = this.#checked(wanted)
      if (!validateOnly) await this.#topics.addPartitions(topic, wanted.count)
      return { name: wanted.name, errorCode: Errors.NONE, errorMessage: null }
    } catch (error) {
      const { errorCode, errorMessage } = failureOf(error)
      return { name: wanted.name, errorCode, errorMessage: errorMessage === NO_MESSAGE ? null : errorMessage }
    }
  }

  #checked({ name, count, assignments }: Request['topics'][number]): Topic {
    const topic = this.#topics.get(name)
    if (topic === null) throw new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION, NO_MESSAGE)
    const now = topic.partitions.length
    if (count === now) throw new ApiError(Errors.INVALID_PARTITIONS, `Topic already has ${count} partition(s).`)
    if (count < now)
      throw new ApiError(
        Errors.INVALID_PARTITIONS,
        `The topic ${name} currently has ${now} partition(s); ${count} would not be an increase.`,
      )
    if (count - now > MAX_PARTITIONS_PER_REQUEST) throw excessivePartitions()
    if (assignments === null) return topic
    if (assignments.length !== count - now) {
      const text = `Attempted to add ${count - now} additional partition(s), but only ${assignments.length} assignment(s) were specified.`
      throw new ApiError(Errors.INVALID_REPLICA_ASSIGNMENT, text)
    }
    for (const { brokerIds } of assignments) checkAssignment(brokerIds, this.#nodeId, 1)
    return topic
  }
}
