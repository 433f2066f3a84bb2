import type { RequestContext } from '../api.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { isValidTopicName } from '../topic/topic-name.ts'
import type { Topic } from '../topic/topic.ts'
import type { Topics } from '../topic/topics.ts'
import { AuthorizedOperations, type ClusterView } from './cluster-view.ts'

type Answer = ResponseMessages['Metadata']
type TopicAnswer = Answer['topics'][number]
type Request = DecodedRequest<'Metadata'>
type AskedTopic = NonNullable<Request['topics']>[number]

const { NOT_ASKED } = AuthorizedOperations

export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

/** Since then an empty list means no topics; before, it meant all. */
const FIRST_VERSION_WITH_NULL_FOR_ALL = 1
const FIRST_VERSION_WITH_IDS_IN_REQUESTS = 12

export interface MetadataOptions {
  readonly topics: Topics
  readonly cluster: ClusterView
  /** `auto.create.topics.enable` */
  readonly autoCreate: () => boolean
}

/** Answers Metadata as Apache Kafka 4.3.1 does, except that a topic made by asking for it is in that same answer. */
export class MetadataApi {
  readonly #options: MetadataOptions

  constructor(options: MetadataOptions) {
    this.#options = options
  }

  answer(request: Request, context: RequestContext): Answer | Promise<Answer> {
    const asked = this.#asked(request, context.version)
    const misuse = misuseOf(asked ?? [], context.version)
    if (misuse !== null) return refusal(asked ?? [], misuse)
    if (asked === null) return this.#answerOf(request, context, this.#all(request))
    const topics = asked.map((topic) => this.#topic(topic, request))
    if (topics.every(isAnswered)) return this.#answerOf(request, context, topics)
    return Promise.all(topics.map((topic) => Promise.resolve(topic))).then((answers) => this.#answerOf(request, context, answers))
  }

  /** Null: all topics. */
  #asked({ topics }: Request, version: number): Request['topics'] {
    return topics !== null && topics.length === 0 && version < FIRST_VERSION_WITH_NULL_FOR_ALL ? null : topics
  }

  #answerOf(request: Request, context: RequestContext, topics: TopicAnswer[]): Answer {
    const { cluster } = this.#options
    return {
      brokers: [{ nodeId: cluster.nodeId, ...cluster.endpoint(context) }],
      clusterId: cluster.clusterId,
      controllerId: cluster.nodeId,
      topics,
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? AuthorizedOperations.CLUSTER
        : AuthorizedOperations.NOT_ASKED,
    }
  }

  #all(request: Request): TopicAnswer[] {
    return Array.from(this.#options.topics.all(), (topic) => this.#found(topic, request))
  }

  #topic(asked: AskedTopic, request: Request): TopicAnswer | Promise<TopicAnswer> {
    const { topics, autoCreate } = this.#options
    if (asked.topicId !== ZERO_UUID) {
      const topic = topics.byId(asked.topicId)
      return topic === null ? missing(Errors.UNKNOWN_TOPIC_ID, null, NOT_ASKED, asked.topicId) : this.#found(topic, request)
    }
    const name = asked.name ?? ''
    const topic = topics.get(name)
    if (topic !== null) return this.#found(topic, request)
    if (!isValidTopicName(name)) return missing(Errors.INVALID_TOPIC_EXCEPTION, name, operations(request))
    if (request.allowAutoTopicCreation && autoCreate()) return this.#create(name, request)
    return missing(Errors.UNKNOWN_TOPIC_OR_PARTITION, name, operations(request))
  }

  async #create(name: string, request: Request): Promise<TopicAnswer> {
    try {
      return this.#found(await this.#options.topics.ensure(name), request)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return missing(Errors.UNKNOWN_TOPIC_OR_PARTITION, name, operations(request))
    }
  }

  #found({ name, id, partitions }: Topic, request: Request): TopicAnswer {
    const node = this.#options.cluster.nodeId
    return {
      errorCode: Errors.NONE,
      name,
      topicId: id,
      isInternal: false,
      partitions: partitions.map((log) => leaderOf(log, node)),
      topicAuthorizedOperations: operations(request),
    }
  }
}

/** This node leads every partition and is its one replica. */
export function leaderOf({ partition, leaderEpoch }: Topic['partitions'][number], node: number): TopicAnswer['partitions'][number] {
  return {
    errorCode: Errors.NONE,
    partitionIndex: partition,
    leaderId: node,
    leaderEpoch,
    replicaNodes: [node],
    isrNodes: [node],
    offlineReplicas: [],
  }
}

function isAnswered(topic: TopicAnswer | Promise<TopicAnswer>): topic is TopicAnswer {
  return !(topic instanceof Promise)
}

function operations({ includeTopicAuthorizedOperations }: Request): number {
  return includeTopicAuthorizedOperations ? AuthorizedOperations.TOPIC : NOT_ASKED
}

function missing(errorCode: ErrorNumber, name: string | null, topicAuthorizedOperations: number, topicId = ZERO_UUID): TopicAnswer {
  return { errorCode, name, topicId, isInternal: false, partitions: [], topicAuthorizedOperations }
}

/** What makes a whole request unanswerable: ids before there were any, or a topic with neither name nor id. Null: nothing. */
function misuseOf(asked: readonly AskedTopic[], version: number): ErrorNumber | null {
  if (asked.every(({ name, topicId }) => name !== null && topicId === ZERO_UUID)) return null
  if (version < FIRST_VERSION_WITH_IDS_IN_REQUESTS) return Errors.INVALID_REQUEST
  return asked.some(({ name, topicId }) => name === null && topicId === ZERO_UUID) ? Errors.UNKNOWN_SERVER_ERROR : null
}

function refusal(asked: readonly AskedTopic[], error: ErrorNumber): Answer {
  return { brokers: [], topics: asked.map(({ name, topicId }) => missing(error, name ?? '', NOT_ASKED, topicId)) }
}
