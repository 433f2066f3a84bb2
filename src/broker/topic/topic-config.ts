import type { ParsedConfig } from '../../api/config/config-def.ts'
import { ConfigException } from '../../api/errors.ts'
import type { Props } from '../../api/props.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import { topicConfigDef } from './topic-config-keys.ts'

/** Every key of a topic with the value in force. */
export type TopicConfig = ParsedConfig<typeof topicConfigDef.declarations>

const TIERED_STORAGE_IS_OFF = 'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.'

/**
 * What a client sets for a topic.
 * @param defaults what the broker gives topics
 * @param overrides what the topic sets itself
 * @throws ApiError INVALID_CONFIG with Kafka's sentence
 */
export function parseTopicConfig(defaults: Props, overrides: Props): TopicConfig {
  const unknown = Object.keys(overrides).find((name) => !topicConfigDef.keys.has(name))
  if (unknown !== undefined) throw new ApiError(Errors.INVALID_CONFIG, `Unknown topic config name: ${unknown}`)
  try {
    const config = topicConfigInForce(defaults, overrides)
    checkTogether(config)
    return config
  } catch (error) {
    if (!(error instanceof ConfigException)) throw error
    throw new ApiError(Errors.INVALID_CONFIG, error.message)
  }
}

/** Of a topic that is there: what the broker gives may contradict what it set long ago, and both hold, as in Kafka. */
export function topicConfigInForce(defaults: Props, overrides: Props): TopicConfig {
  return topicConfigDef.parse({ ...defaults, ...overrides })
}

/** Apache Kafka 4.3.1, LogConfig#validateValues and #validateTopicLogConfigValues. */
function checkTogether(config: TopicConfig): void {
  const least = config['min.compaction.lag.ms']
  const most = config['max.compaction.lag.ms']
  if (least > most)
    throw new ConfigException(`conflict topic config setting min.compaction.lag.ms (${least}) > max.compaction.lag.ms (${most})`)
  if (config['remote.storage.enable']) throw new ConfigException(TIERED_STORAGE_IS_OFF)
}
