import type { BrokerConfig } from '../config/broker-config.ts'
import { brokerConfigDef } from '../config/broker-config-keys.ts'
import { CONFIG_TYPES, ConfigSource } from '../config/config-text.ts'
import { isDynamic } from '../config/dynamic-keys.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import type { ConfigDetails } from './config-details.ts'

type ConfigEntry = ResponseMessages['DescribeConfigs']['results'][number]['configs'][number]

/** How clients see the configuration of the broker. Apache Kafka 4.3.1, ConfigHelper#createBrokerConfigEntry. */
export class BrokerConfigView {
  readonly #config: BrokerConfig

  constructor(config: BrokerConfig) {
    this.#config = config
  }

  /** Keys of this broker that are known here, and those that clients have set. @param names null: all */
  describe(names: ReadonlySet<string> | null, details: ConfigDetails): ConfigEntry[] {
    const all = new Set([
      ...brokerConfigDef.keys.keys(),
      ...Object.keys(this.#config.dynamic('broker')),
      ...Object.keys(this.#config.dynamic('default')),
    ])
    return [...all].filter((name) => names === null || names.has(name)).map((name) => this.#entry(name, details, () => true))
  }

  /** What clients have set for every broker. */
  describeDefaults(names: ReadonlySet<string> | null, details: ConfigDetails): ConfigEntry[] {
    return Object.keys(this.#config.dynamic('default'))
      .filter((name) => names === null || names.has(name))
      .map((name) => this.#entry(name, details, (source) => source === ConfigSource.DYNAMIC_DEFAULT_BROKER))
  }

  #entry(name: string, details: ConfigDetails, counts: (source: number) => boolean): ConfigEntry {
    const key = brokerConfigDef.keys.get(name)
    const isSensitive = key === undefined || key.type === 'password' // what an unknown key holds may be a secret
    const synonyms = this.#config.synonyms(name).filter(({ source }) => counts(source))
    const shown = synonyms.map((synonym) => (isSensitive ? { ...synonym, value: null } : synonym))
    return {
      name,
      value: isSensitive ? null : this.#config.value(name),
      readOnly: !isDynamic(name),
      configSource: synonyms[0]?.source ?? ConfigSource.DEFAULT,
      isSensitive,
      synonyms: details.withSynonyms ? shown : [],
      configType: key === undefined ? 0 : CONFIG_TYPES[key.type],
      documentation: details.withDocumentation ? (key?.doc ?? null) : null,
    }
  }
}
