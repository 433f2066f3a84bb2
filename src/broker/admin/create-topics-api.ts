import type { RequestContext } from '../api.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { randomTopicId } from '../topic/topic-id.ts'
import type { NewTopic, Topics } from '../topic/topics.ts'
import { failureOf, repeated } from './api-failure.ts'
import { ZERO_UUID } from './metadata-api.ts'
import { excessivePartitions, MAX_PARTITIONS_PER_REQUEST } from './partition-limit.ts'
import { checkAssignment, checkReplication } from './replica-assignment.ts'
import type { TopicConfigView } from './topic-config-view.ts'

type Request = DecodedRequest<'CreateTopics'>
type RequestedTopic = Request['topics'][number]
type TopicAnswer = ResponseMessages['CreateTopics']['topics'][number]

/** "As the broker is set." */
const DEFAULT = -1

export interface CreateTopicsOptions {
  readonly topics: Topics
  readonly config: BrokerConfig
  readonly configView: TopicConfigView
  readonly nodeId: number
}

/** Answers CreateTopics. Apache Kafka 4.3.1, ControllerApis#createTopics and ReplicationControlManager#createTopics. */
export class CreateTopicsApi {
  readonly #options: CreateTopicsOptions

  constructor(options: CreateTopicsOptions) {
    this.#options = options
  }

  async answer({ topics, validateOnly }: Request, _context: RequestContext): Promise<ResponseMessages['CreateTopics']> {
    const twice = repeated(topics.map(({ name }) => name))
    const once = topics.filter(({ name }) => !twice.has(name))
    const answers = this.#isExcessive(once)
      ? once.map(({ name }) => refusal(name, excessivePartitions()))
      : await Promise.all(once.map((topic) => this.#answerTopic(topic, validateOnly)))
    const refused = Array.from(twice, (name) => refusal(name, new ApiError(Errors.INVALID_REQUEST, 'Duplicate topic name.')))
    return { topics: [...refused, ...answers] }
  }

  #isExcessive(topics: readonly RequestedTopic[]): boolean {
    const byDefault = Number(this.#options.config.value('num.partitions'))
    let partitions = 0
    for (const { assignments, numPartitions } of topics)
      partitions += assignments.length > 0 ? assignments.length : numPartitions === DEFAULT ? byDefault : numPartitions
    return partitions > MAX_PARTITIONS_PER_REQUEST
  }

  async #answerTopic(requested: RequestedTopic, validateOnly: boolean): Promise<TopicAnswer> {
    const { topics, configView } = this.#options
    try {
      const topic = this.#checked(requested)
      const topicId = validateOnly ? randomTopicId() : (await topics.create(topic)).id
      return {
        name: topic.name,
        topicId,
        errorCode: Errors.NONE,
        errorMessage: null,
        numPartitions: topic.partitions,
        replicationFactor: 1,
        configs: configView.created(topic.overrides),
      }
    } catch (error) {
      return refusal(requested.name, error)
    }
  }

  /** @throws ApiError for a topic that cannot be made */
  #checked(requested: RequestedTopic): NewTopic {
    const { topics } = this.#options
    const nulls = requested.configs.filter(({ value }) => value === null).map(({ name }) => name)
    if (nulls.length > 0) throw new ApiError(Errors.INVALID_CONFIG, `Null value not supported for topic configs: ${nulls.join(',')}`)
    const overrides = Object.fromEntries(requested.configs.map(({ name, value }) => [name, value ?? '']))
    topics.checkNew({ name: requested.name, partitions: 1, overrides })
    return { name: requested.name, partitions: this.#partitions(requested), overrides }
  }

  #partitions({ assignments, numPartitions, replicationFactor }: RequestedTopic): number {
    if (assignments.length > 0) return this.#assignedPartitions(assignments, numPartitions, replicationFactor)
    const { config } = this.#options
    if (replicationFactor < DEFAULT || replicationFactor === 0)
      throw new ApiError(Errors.INVALID_REPLICATION_FACTOR, 'Replication factor must be larger than 0, or -1 to use the default value.')
    if (numPartitions < DEFAULT || numPartitions === 0)
      throw new ApiError(Errors.INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.')
    checkReplication(replicationFactor === DEFAULT ? Number(config.value('default.replication.factor')) : replicationFactor)
    return numPartitions === DEFAULT ? Number(config.value('num.partitions')) : numPartitions
  }

  #assignedPartitions(assignments: RequestedTopic['assignments'], numPartitions: number, replicationFactor: number): number {
    const isSet = 'A manual partition assignment was specified, but'
    if (replicationFactor !== DEFAULT) throw new ApiError(Errors.INVALID_REQUEST, `${isSet} replication factor was not set to -1.`)
    if (numPartitions !== DEFAULT) throw new ApiError(Errors.INVALID_REQUEST, `${isSet} numPartitions was not set to -1.`)
    const seen = new Set<number>()
    for (const { partitionIndex, brokerIds } of assignments) {
      if (seen.has(partitionIndex)) {
        const text = `Found multiple manual partition assignments for partition ${partitionIndex}`
        throw new ApiError(Errors.INVALID_REPLICA_ASSIGNMENT, text)
      }
      checkAssignment(brokerIds, this.#options.nodeId, seen.size === 0 ? null : 1)
      seen.add(partitionIndex)
    }
    if (assignments.some((_, index) => !seen.has(index)))
      throw new ApiError(Errors.INVALID_REPLICA_ASSIGNMENT, 'partitions should be a consecutive 0-based integer sequence')
    return assignments.length
  }
}

function refusal(name: string, error: unknown): TopicAnswer {
  return { name, topicId: ZERO_UUID, ...failureOf(error), numPartitions: -1, replicationFactor: -1, configs: [] }
}
