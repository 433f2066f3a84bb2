import { describe, expect, it } from 'vitest'
import { BrokerConfig, parseBrokerSettings } from '../../../../src/broker/config/broker-config.ts'
import { defaultText } from '../../../../src/broker/config/config-text.ts'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { topicConfigDef } from '../../../../src/broker/topic/topic-config-keys.ts'
import { parseTopicConfig } from '../../../../src/broker/topic/topic-config.ts'
import { RecordingStateStore } from '../../../support/broker/recording-state-store.ts'

const defaultsOf = (props: Record<string, string>) =>
  new BrokerConfig(props, parseBrokerSettings(props), new RecordingStateStore()).topicDefaults

describe('the configuration of a topic', () => {
  it('has the defaults of Kafka 4.3.1, all digits included', () => {
    const texts = Object.fromEntries([...topicConfigDef.keys.values()].map((key) => [key.name, defaultText(key)]))
    expect(texts).toMatchObject({
      'cleanup.policy': 'delete',
      'flush.messages': '9223372036854775807',
      'min.cleanable.dirty.ratio': '0.5',
      'retention.ms': '604800000',
      'leader.replication.throttled.replicas': '',
    })
    expect(topicConfigDef.keys.size).toBe(33)
  })

  it.each([
    [{ nope: '1' }, 'Unknown topic config name: nope'],
    [{ 'retention.ms': 'soon' }, 'Invalid value soon for configuration retention.ms: Not a number of type LONG'],
    [{ 'segment.bytes': '5' }, 'Invalid value 5 for configuration segment.bytes: Value must be at least 1048576'],
    [{ 'cleanup.policy': 'shred' }, 'Invalid value shred for configuration cleanup.policy: String must be one of: compact, delete'],
    [
      { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '5' },
      'conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)',
    ],
    [
      { 'remote.storage.enable': 'true' },
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    ],
    [
      { 'compression.gzip.level': '0' },
      'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
    ],
    [
      { 'leader.replication.throttled.replicas': 'x' },
      "Invalid value [x] for configuration leader.replication.throttled.replicas: leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
    ],
  ])('refuses %j with Kafka’s sentence', (overrides, message) => {
    const parse = () => parseTopicConfig({}, overrides)
    expect(parse).toThrow(expect.objectContaining({ error: Errors.INVALID_CONFIG, message }) as Error)
  })

  it.each([
    [{}, 'retention.ms', 604_800_000],
    [{ 'log.retention.hours': '2' }, 'retention.ms', 7_200_000],
    [{ 'log.retention.hours': '-1' }, 'retention.ms', -1],
    [{ 'log.retention.hours': '2', 'log.retention.minutes': '3' }, 'retention.ms', 180_000],
    [{ 'log.retention.minutes': '3', 'log.retention.ms': '7' }, 'retention.ms', 7],
    [{ 'log.roll.hours': '1' }, 'segment.ms', 3_600_000],
    [{ 'log.roll.jitter.hours': '1' }, 'segment.jitter.ms', 3_600_000],
    [{ 'log.flush.scheduler.interval.ms': '9' }, 'flush.ms', 9],
    [{ 'message.max.bytes': '17' }, 'max.message.bytes', 17],
  ])('takes from the broker’s %j that %s is %d', (props, key, value) => {
    const config = parseTopicConfig(defaultsOf(props), {})
    expect(config[key as 'retention.ms']).toBe(value)
  })

  it('is in the way of a broker whose keys give topics what they cannot have, before its folder is touched', () => {
    expect(() => parseBrokerSettings({ 'log.roll.ms': '0' })).toThrow(
      'Invalid value 0 for configuration segment.ms: Value must be at least 1',
    )
  })
})
