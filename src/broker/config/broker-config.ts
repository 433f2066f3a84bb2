import type { ParsedConfig } from '../../api/config/config-def.ts'
import type { ConfigKey } from '../../api/config/config-key.ts'
import type { Props } from '../../api/props.ts'
import { ConfigException } from '../../api/errors.ts'
import type { StateStore } from '../state/state-store.ts'
import { brokerConfigDef } from './broker-config-keys.ts'
import { ConfigSource, defaultText } from './config-text.ts'
import { checkTopicProps, topicProps } from './topic-synonyms.ts'

export type BrokerSettings = ParsedConfig<typeof brokerConfigDef.declarations>

/** Whose values: those of this broker, or those of every broker of the cluster, which is the same one here. */
export type DynamicScope = 'broker' | 'default'

export interface Synonym {
  readonly name: string
  readonly value: string | null
  readonly source: number
}

/** Keys of which several mean one thing, the first that is set. Apache Kafka 4.3.1, DynamicBrokerConfig#brokerConfigSynonyms. */
const BROKER_SYNONYMS: readonly (readonly string[])[] = [
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
]

/** The key under which the dynamic values of a scope are kept. */
const STATE_KEYS: Readonly<Record<DynamicScope, string>> = { broker: 'dynamic-config', default: 'dynamic-default-config' }

/** The broker's configuration: its properties file, and above it what clients changed while it ran. */
export class BrokerConfig {
  /** As the broker was started. */
  readonly settings: BrokerSettings
  readonly #fileProps: Props
  readonly #store: StateStore
  readonly #dynamic: Record<DynamicScope, Props> = { broker: {}, default: {} }
  #topicDefaults: Props | null = null

  /** @throws ConfigException when a value cannot be used */
  constructor(fileProps: Props, settings: BrokerSettings, store: StateStore) {
    this.settings = settings
    this.#fileProps = fileProps
    this.#store = store
    for (const [key, value] of store.load('broker')) {
      for (const scope of ['broker', 'default'] as const) if (key === STATE_KEYS[scope]) this.#dynamic[scope] = value as Props
    }
  }

  /** What clients set in a scope. */
  dynamic(scope: DynamicScope): Props {
    return this.#dynamic[scope]
  }

  /** In force as soon as the promise is made, safe when it resolves. */
  async setDynamic(scope: DynamicScope, props: Props): Promise<void> {
    this.#dynamic[scope] = props
    this.#topicDefaults = null
    await this.#store.set('broker', STATE_KEYS[scope], props)
  }

  /** A key's value now; null: there is none. */
  value(name: string): string | null {
    return this.#values(name)[0]?.value ?? null
  }

  /** Values of the topics' keys for topics that do not set them. */
  get topicDefaults(): Props {
    return (this.#topicDefaults ??= topicProps((key) => this.value(key)))
  }

  /**
   * Everything that could give a key its value, what does so first, as Kafka lists it: a key without a value of its own lists nothing, even
   * where a key of the same meaning has one.
   */
  synonyms(name: string): Synonym[] {
    const names = BROKER_SYNONYMS.find((group) => group.includes(name)) ?? [name]
    const perName = names.map((each) => this.#values(each))
    const all = Object.values(ConfigSource).flatMap((source) => perName.flat().filter((synonym) => synonym.source === source))
    const first = all.findIndex((synonym) => synonym.name === name)
    return first < 0 ? [] : all.slice(first)
  }

  #values(name: string): Synonym[] {
    const key: ConfigKey | undefined = brokerConfigDef.keys.get(name)
    const layers: [Props, number][] = [
      [this.#dynamic.broker, ConfigSource.DYNAMIC_BROKER],
      [this.#dynamic.default, ConfigSource.DYNAMIC_DEFAULT_BROKER],
      [this.#fileProps, ConfigSource.STATIC_BROKER],
    ]
    const values = layers.flatMap(([props, source]) =>
      Object.hasOwn(props, name) ? [{ name, value: props[name]?.trim() ?? null, source }] : [],
    )
    const fallback = key === undefined ? null : defaultText(key)
    return fallback === null ? values : [...values, { name, value: fallback, source: ConfigSource.DEFAULT }]
  }
}

/** @throws ConfigException for the first value that cannot be used */
export function parseBrokerSettings(props: Props): BrokerSettings {
  const settings = brokerConfigDef.parse(props)
  checkTopicProps(props)
  if (props['node.id'] !== undefined && props['broker.id'] !== undefined && props['node.id'].trim() !== props['broker.id'].trim())
    throw new ConfigException('You must set `node.id` to the same value as `broker.id`.')
  return settings
}
