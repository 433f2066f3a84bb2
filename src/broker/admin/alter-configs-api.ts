import type { ConfigDef } from '../../api/config/config-def.ts'
import type { Props } from '../../api/props.ts'
import { ConfigException } from '../../api/errors.ts'
import { brokerConfigDef } from '../config/broker-config-keys.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { isFixed } from '../config/dynamic-keys.ts'
import { checkTopicProps } from '../config/topic-synonyms.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { topicConfigDef } from '../topic/topic-config-keys.ts'
import { checkTopicName } from '../topic/topic-name.ts'
import type { Topics } from '../topic/topics.ts'
import { failureOf, repeated } from './api-failure.ts'
import { changedProps, Operation, type ConfigChange } from './config-changes.ts'
import { ResourceType } from './config-resources.ts'

type Result = ResponseMessages['AlterConfigs']['responses'][number]

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly ConfigChange[]
  /** Whether they are the whole configuration from now on, as AlterConfigs means it. */
  readonly replacesAll: boolean
}

/** What can be configured, as changes see it. */
interface Target {
  readonly def: ConfigDef
  readonly props: Props
  /** @throws ApiError, ConfigException for values that cannot be */
  check(props: Props): void
  apply(props: Props): Promise<void>
}

/** Answers AlterConfigs and IncrementalAlterConfigs. Apache Kafka 4.3.1, ConfigAdminManager and ConfigurationControlManager. */
export class AlterConfigsApi {
  readonly #topics: Topics
  readonly #config: BrokerConfig

  constructor(topics: Topics, config: BrokerConfig) {
    this.#topics = topics
    this.#config = config
  }

  async answer({ resources, validateOnly }: DecodedRequest<'AlterConfigs'>): Promise<ResponseMessages['AlterConfigs']> {
    const whole = resources.map((resource) => ({
      ...resource,
      configs: resource.configs.map((config) => ({ ...config, configOperation: Operation.SET })),
      replacesAll: true,
    }))
    return { throttleTimeMs: 0, responses: await this.#alterAll(whole, validateOnly) }
  }

  async answerIncremental(request: DecodedRequest<'IncrementalAlterConfigs'>): Promise<ResponseMessages['IncrementalAlterConfigs']> {
    const changes = request.resources.map((resource) => ({ ...resource, replacesAll: false }))
    return { throttleTimeMs: 0, responses: await this.#alterAll(changes, request.validateOnly) }
  }

  #alterAll(resources: readonly Resource[], validateOnly: boolean): Promise<Result[]> {
    const identity = ({ resourceType, resourceName }: Resource) => `${resourceType} ${resourceName}`
    const twice = repeated(resources.map(identity))
    return this.#topics.exclusively(async () => {
      const results: Result[] = []
      for (const resource of resources) results.push(await this.#alter(resource, twice.has(identity(resource)), validateOnly))
      return results
    })
  }

  async #alter(resource: Resource, isRepeated: boolean, validateOnly: boolean): Promise<Result> {
    const { resourceType, resourceName, configs, replacesAll } = resource
    try {
      if (isRepeated) throw new ApiError(Errors.INVALID_REQUEST, 'Each resource must appear at most once.')
      checkChanges(configs)
      const target = this.#target(resource)
      const after = changedProps(replacesAll ? {} : target.props, configs, target.def)
      target.check(after)
      if (!validateOnly) await target.apply(after)
      return { errorCode: Errors.NONE, errorMessage: null, resourceType, resourceName }
    } catch (error) {
      return { ...failureOf(error), resourceType, resourceName }
    }
  }

  #target({ resourceType, resourceName, configs, replacesAll }: Resource): Target {
    switch (resourceType) {
      case ResourceType.TOPIC:
        return this.#topicTarget(resourceName)
      case ResourceType.BROKER:
        return this.#brokerTarget(resourceName)
      case ResourceType.BROKER_LOGGER:
        if (replacesAll) throw new ApiError(Errors.INVALID_REQUEST, `Unknown resource type ${resourceType}`)
        throw new ApiError(Errors.INVALID_CONFIG, `Logger ${configs[0]?.name ?? ''} does not exist!`)
      case ResourceType.GROUP: // of the new protocol, which is not served
        throw new ApiError(Errors.INVALID_CONFIG, `Unknown group config name: ${configs[0]?.name ?? ''}`)
      case ResourceType.CLIENT_METRICS:
        throw new ApiError(Errors.INVALID_REQUEST, `Unknown client metrics configuration: ${configs[0]?.name ?? ''}`)
      default:
        throw new ApiError(Errors.INVALID_REQUEST, `Unknown resource type ${resourceType}`)
    }
  }

  #topicTarget(name: string): Target {
    if (name === '') throw new ApiError(Errors.INVALID_REQUEST, 'Default topic resources are not allowed.')
    checkTopicName(name)
    const topic = this.#topics.get(name)
    if (topic === null) throw new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`)
    return {
      def: topicConfigDef,
      props: topic.overrides,
      check: (props) => this.#topics.checkOverrides(props),
      apply: (props) => this.#topics.setOverrides(topic, props),
    }
  }

  #brokerTarget(name: string): Target {
    const { 'node.id': nodeId } = this.#config.settings
    if (name !== '' && !/^[+-]?\d+$/.test(name))
      throw new ApiError(Errors.INVALID_REQUEST, `Node id must be an integer, but it is: ${name}`)
    if (name !== '' && Number(name) !== nodeId)
      throw new ApiError(Errors.INVALID_REQUEST, `Unexpected broker id, expected ${nodeId}, but received ${name}`)
    const scope = name === '' ? 'default' : 'broker'
    return {
      def: brokerConfigDef,
      props: this.#config.dynamic(scope),
      check: checkBrokerProps,
      apply: async (props) => {
        await this.#config.setDynamic(scope, props)
        this.#topics.applyDefaults()
      },
    }
  }
}

/** @throws ApiError INVALID_REQUEST */
function checkChanges(changes: readonly ConfigChange[]): void {
  if (repeated(changes.map(({ name }) => name)).size > 0) throw new ApiError(Errors.INVALID_REQUEST, 'Error due to duplicate config keys')
  const nulls = changes.filter(({ configOperation, value }) => configOperation !== Operation.DELETE && value === null)
  if (nulls.length === 0) return
  throw new ApiError(Errors.INVALID_REQUEST, `Null value not supported for : ${nulls.map(({ name }) => name).join(', ')}`)
}

function checkBrokerProps(props: Props): void {
  const fixed = Object.keys(props).filter(isFixed)
  if (fixed.length > 0) throw new ApiError(Errors.INVALID_REQUEST, `Cannot update these configs dynamically: [${fixed.join(', ')}]`)
  try {
    brokerConfigDef.parse(props)
    checkTopicProps(props)
  } catch (error) {
    if (!(error instanceof ConfigException)) throw error
    throw new ApiError(Errors.INVALID_REQUEST, error.message)
  }
}
