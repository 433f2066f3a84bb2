import type { ConfigKey } from '../../api/config/config-key.ts'
import type { Props } from '../../api/props.ts'
import type { BrokerConfig, Synonym } from '../config/broker-config.ts'
import { CONFIG_TYPES, ConfigSource, valueText } from '../config/config-text.ts'
import { TOPIC_SYNONYMS } from '../config/topic-synonyms.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { topicConfigDef } from '../topic/topic-config-keys.ts'
import { parseTopicConfig, type TopicConfig } from '../topic/topic-config.ts'
import type { ConfigDetails } from './config-details.ts'

type ConfigEntry = ResponseMessages['DescribeConfigs']['results'][number]['configs'][number]
type CreatedConfigs = NonNullable<ResponseMessages['CreateTopics']['topics'][number]['configs']>

/** How clients see the configuration of topics. Apache Kafka 4.3.1, ConfigHelper. */
export class TopicConfigView {
  readonly #config: BrokerConfig

  constructor(config: BrokerConfig) {
    this.#config = config
  }

  /** @param names null: all keys */
  describe(overrides: Props, names: ReadonlySet<string> | null, details: ConfigDetails): ConfigEntry[] {
    const config = parseTopicConfig(this.#config.topicDefaults, overrides)
    const keys = [...topicConfigDef.keys.values()].filter(({ name }) => names === null || names.has(name))
    return keys.map((key) => this.#entry(key, config, overrides, details))
  }

  /** For the answer to whoever made a topic. */
  created(overrides: Props): CreatedConfigs {
    const config = parseTopicConfig(this.#config.topicDefaults, overrides)
    return Array.from(topicConfigDef.keys.values(), (key) => ({
      name: key.name,
      value: Object.hasOwn(overrides, key.name) ? (overrides[key.name] ?? null) : textOf(config, key), // as it was sent
      readOnly: false,
      configSource: this.#synonyms(key, config, overrides)[0]?.source ?? ConfigSource.DEFAULT,
      isSensitive: false,
    }))
  }

  #entry(key: ConfigKey, config: TopicConfig, overrides: Props, { withSynonyms, withDocumentation }: ConfigDetails): ConfigEntry {
    const synonyms = this.#synonyms(key, config, overrides)
    return {
      name: key.name,
      value: textOf(config, key),
      readOnly: false,
      configSource: synonyms[0]?.source ?? ConfigSource.DEFAULT,
      isSensitive: false,
      synonyms: withSynonyms ? synonyms : [],
      configType: CONFIG_TYPES[key.type],
      documentation: withDocumentation ? key.doc : null,
    }
  }

  #synonyms(key: ConfigKey, config: TopicConfig, overrides: Props): Synonym[] {
    const brokerKey = TOPIC_SYNONYMS.get(key.name)?.[0]?.[0]
    const ofBroker = brokerKey === undefined ? [] : this.#config.synonyms(brokerKey)
    if (!Object.hasOwn(overrides, key.name)) return ofBroker
    return [{ name: key.name, value: textOf(config, key), source: ConfigSource.TOPIC }, ...ofBroker]
  }
}

function textOf(config: TopicConfig, { name, type }: ConfigKey): string | null {
  return valueText(config[name as keyof TopicConfig], type)
}
