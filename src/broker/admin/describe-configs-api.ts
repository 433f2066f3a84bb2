import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { checkTopicName } from '../topic/topic-name.ts'
import type { Topics } from '../topic/topics.ts'
import { failureOf } from './api-failure.ts'
import type { BrokerConfigView } from './broker-config-view.ts'
import type { ConfigDetails } from './config-details.ts'
import { ResourceType } from './config-resources.ts'
import type { TopicConfigView } from './topic-config-view.ts'

type Request = DecodedRequest<'DescribeConfigs'>
type Result = ResponseMessages['DescribeConfigs']['results'][number]

/** Kafka's, where there is nothing to say. */
const NO_MESSAGE = ''

export interface DescribeConfigsOptions {
  readonly topics: Topics
  readonly topicView: TopicConfigView
  readonly brokerView: BrokerConfigView
  readonly nodeId: number
}

/** Answers DescribeConfigs. Apache Kafka 4.3.1, ConfigHelper#describeConfigs. */
export class DescribeConfigsApi {
  readonly #options: DescribeConfigsOptions

  constructor(options: DescribeConfigsOptions) {
    this.#options = options
  }

  answer(request: Request): ResponseMessages['DescribeConfigs'] {
    const details = { withSynonyms: request.includeSynonyms, withDocumentation: request.includeDocumentation }
    return { throttleTimeMs: 0, results: request.resources.map((resource) => this.#describe(resource, details)) }
  }

  #describe({ resourceType, resourceName, configurationKeys }: Request['resources'][number], details: ConfigDetails): Result {
    const names = configurationKeys === null || configurationKeys.length === 0 ? null : new Set(configurationKeys)
    try {
      const configs = this.#configs(resourceType, resourceName, names, details)
      return { errorCode: Errors.NONE, errorMessage: NO_MESSAGE, resourceType, resourceName, configs }
    } catch (error) {
      return { ...failureOf(error), resourceType, resourceName, configs: [] }
    }
  }

  #configs(type: number, name: string, keys: ReadonlySet<string> | null, details: ConfigDetails): Result['configs'] {
    switch (type) {
      case ResourceType.TOPIC:
        return this.#topicConfigs(name, keys, details)
      case ResourceType.BROKER:
        return this.#brokerConfigs(name, keys, details)
      case ResourceType.BROKER_LOGGER:
        if (name === '') throw new ApiError(Errors.INVALID_REQUEST, 'Broker id must not be empty')
        checkBroker(name, this.#options.nodeId, '')
        return []
      case ResourceType.CLIENT_METRICS:
        if (name === '') throw new ApiError(Errors.INVALID_REQUEST, 'Client metrics subscription name must not be empty')
        return []
      case ResourceType.GROUP:
        if (name === '') throw new ApiError(Errors.INVALID_REQUEST, 'Group name must not be empty')
        return []
      default:
        throw new ApiError(Errors.INVALID_REQUEST)
    }
  }

  #topicConfigs(name: string, keys: ReadonlySet<string> | null, details: ConfigDetails): Result['configs'] {
    checkTopicName(name)
    const topic = this.#options.topics.get(name)
    if (topic === null) throw new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION, NO_MESSAGE)
    return this.#options.topicView.describe(topic.overrides, keys, details)
  }

  #brokerConfigs(name: string, keys: ReadonlySet<string> | null, details: ConfigDetails): Result['configs'] {
    const { brokerView, nodeId } = this.#options
    if (name === '') return brokerView.describeDefaults(keys, details)
    checkBroker(name, nodeId, ' or empty string,')
    return brokerView.describe(keys, details)
  }
}

function checkBroker(name: string, nodeId: number, orEmpty: string): void {
  if (!/^[+-]?\d+$/.test(name)) throw new ApiError(Errors.INVALID_REQUEST, `Broker id must be an integer, but it is: ${name}`)
  if (Number(name) === nodeId) return
  throw new ApiError(Errors.INVALID_REQUEST, `Unexpected broker id, expected ${nodeId}${orEmpty} but received ${name}`)
}
