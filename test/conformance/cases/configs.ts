import { describe, expect, it } from 'vitest'
import { Errors } from '../../../src/broker/protocol/errors.ts'
import { newName, newTopic, produce, untilLed } from '../raw-requests.ts'
import type { RawClient } from '../../support/raw-client.ts'
import type { Stage } from '../target.ts'
import { versions } from '../versions.ts'

const TOPIC = 2
const BROKER = 4
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3]

async function describeConfigs(raw: RawClient, resourceType: number, resourceName: string, keys: string[] | null = null, version = 4) {
  const resources = [{ resourceType, resourceName, configurationKeys: keys }]
  const { results } = await raw.send('DescribeConfigs', version, { resources, includeSynonyms: true, includeDocumentation: true })
  return results[0]!
}

async function configOf(raw: RawClient, topic: string, name: string) {
  const { configs } = await describeConfigs(raw, TOPIC, topic, [name])
  return configs[0]!
}

async function change(
  raw: RawClient,
  topic: string,
  changes: [string, number, string | null][],
  { version = 1, validateOnly = false } = {},
) {
  const configs = changes.map(([name, configOperation, value]) => ({ name, configOperation, value }))
  const { responses } = await raw.send('IncrementalAlterConfigs', version, {
    resources: [{ resourceType: TOPIC, resourceName: topic, configs }],
    validateOnly,
  })
  return responses[0]!
}

export function configCases(stage: Stage): void {
  describe('DescribeConfigs', () => {
    it.each(versions('DescribeConfigs'))('tells the configs of a topic, and where each comes from (version %i)', async (version) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'retention.ms': '777' } })
      const { errorCode, configs } = await describeConfigs(raw, TOPIC, topic, null, version)
      expect(errorCode).toBe(0)
      const byName = new Map(configs.map((config) => [config.name, config]))
      expect(byName.get('retention.ms')).toMatchObject({ value: '777', configSource: 1, readOnly: false, isSensitive: false })
      expect(byName.get('cleanup.policy')).toMatchObject({ value: 'delete', configSource: 5 })
      expect(byName.get('max.message.bytes')).toMatchObject({ value: '1048588', configSource: 5 })
      if (version < 3) return
      expect(byName.get('retention.ms')).toMatchObject({ configType: 5 })
      expect(byName.get('cleanup.policy')).toMatchObject({ configType: 7 })
      expect(byName.get('retention.ms')!.documentation).toContain('retain')
    })

    it('has Kafka’s defaults for every key of a topic', async () => {
      const raw = await stage.connect()
      const name = newName('defaults')
      await raw.send('CreateTopics', 5, {
        topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 60_000,
      })
      await untilLed(raw, name, 1)
      const { configs } = await describeConfigs(raw, TOPIC, name)
      expect(Object.fromEntries(configs.map((config) => [config.name, config.value]))).toMatchObject({
        'cleanup.policy': 'delete',
        'compression.gzip.level': '-1',
        'compression.lz4.level': '9',
        'compression.type': 'producer',
        'compression.zstd.level': '3',
        'delete.retention.ms': '86400000',
        'file.delete.delay.ms': '60000',
        'flush.messages': '9223372036854775807',
        'flush.ms': '9223372036854775807',
        'follower.replication.throttled.replicas': '',
        'index.interval.bytes': '4096',
        'leader.replication.throttled.replicas': '',
        'max.compaction.lag.ms': '9223372036854775807',
        'max.message.bytes': '1048588',
        'message.timestamp.after.max.ms': '3600000',
        'message.timestamp.before.max.ms': '9223372036854775807',
        'message.timestamp.type': 'CreateTime',
        'min.cleanable.dirty.ratio': '0.5',
        'min.compaction.lag.ms': '0',
        'min.insync.replicas': '1',
        preallocate: 'false',
        'retention.bytes': '-1',
        'retention.ms': '604800000',
        'segment.bytes': '1073741824',
        'segment.index.bytes': '10485760',
        'segment.jitter.ms': '0',
        'segment.ms': '604800000',
        'unclean.leader.election.enable': 'false',
      })
    })

    it('tells only the keys that are asked for, with what they would be otherwise', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'retention.ms': '777' } })
      const { configs } = await describeConfigs(raw, TOPIC, topic, ['retention.ms'])
      expect(configs).toHaveLength(1)
      expect(configs[0]!.synonyms[0]).toEqual({ name: 'retention.ms', value: '777', source: 1 })
    })

    it('tells the configs of the broker', async () => {
      const raw = await stage.connect()
      const { errorCode, configs } = await describeConfigs(raw, BROKER, '1')
      expect(errorCode).toBe(0)
      const byName = new Map(configs.map((config) => [config.name, config]))
      expect(byName.get('num.partitions')).toMatchObject({ value: '1', readOnly: true, configSource: 4 })
      expect(byName.get('auto.create.topics.enable')).toMatchObject({ value: 'true' })
      expect(byName.get('log.retention.check.interval.ms')).toMatchObject({ value: '300', configSource: 4 })
      expect(byName.get('log.segment.bytes')).toMatchObject({ value: '1073741824', configSource: 5 })
    })

    it('does not know topics and brokers that are not there', async () => {
      const raw = await stage.connect()
      expect(await describeConfigs(raw, TOPIC, newName('absent'))).toMatchObject({
        errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION,
        configs: [],
      })
      expect(await describeConfigs(raw, BROKER, '9')).toMatchObject({ errorCode: Errors.INVALID_REQUEST })
    })
  })

  describe('IncrementalAlterConfigs', () => {
    it.each(versions('IncrementalAlterConfigs'))('sets and removes single keys of a topic (version %i)', async (version) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'retention.ms': '777', 'segment.ms': '888' } })
      expect(await change(raw, topic, [['retention.ms', SET, '999'], ['segment.ms', DELETE, null]], { version })).toMatchObject({ errorCode: 0, errorMessage: null }) // prettier-ignore
      await expect.poll(() => configOf(raw, topic, 'retention.ms')).toMatchObject({ value: '999', configSource: 1 })
      expect(await configOf(raw, topic, 'segment.ms')).toMatchObject({ value: '604800000', configSource: 5 })
    })

    it('adds to lists and takes from them', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await change(raw, topic, [['cleanup.policy', APPEND, 'compact']])
      await expect.poll(() => configOf(raw, topic, 'cleanup.policy')).toMatchObject({ value: 'delete,compact' })
      await change(raw, topic, [['cleanup.policy', SUBTRACT, 'delete']])
      await expect.poll(() => configOf(raw, topic, 'cleanup.policy')).toMatchObject({ value: 'compact' })
    })

    it('takes effect on the next request', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await change(raw, topic, [['max.message.bytes', SET, '100']])
      await expect.poll(async () => (await produce(raw, topic, [{ value: 'x'.repeat(200) }])).errorCode).toBe(Errors.MESSAGE_TOO_LARGE)
    })

    it('changes nothing when it is only to validate', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'retention.ms': '777' } })
      expect(await change(raw, topic, [['retention.ms', SET, '5']], { validateOnly: true })).toMatchObject({ errorCode: 0 })
      expect(await configOf(raw, topic, 'retention.ms')).toMatchObject({ value: '777' })
    })

    it.each<[string, [string, number, string | null], number, RegExp]>([
      ['an unknown key', ['no.such.key', 0, '1'], Errors.INVALID_CONFIG, /Unknown topic config name: no\.such\.key/],
      [
        'a value of the wrong type',
        ['retention.ms', 0, 'soon'],
        Errors.INVALID_CONFIG,
        /Invalid value soon for configuration retention\.ms: Not a number of type LONG/,
      ],
      [
        'a value out of range',
        ['max.message.bytes', 0, '-1'],
        Errors.INVALID_CONFIG,
        /Invalid value -1 for configuration max\.message\.bytes: Value must be at least 0/,
      ],
      [
        'adding to what is no list',
        ['retention.ms', 2, '5'],
        Errors.INVALID_CONFIG,
        /Can't APPEND to key retention\.ms because its type is not LIST/,
      ],
    ])('refuses %s', async (_, config, errorCode, message) => {
      const raw = await stage.connect()
      const answer = await change(raw, await newTopic(raw), [config])
      expect(answer).toMatchObject({ errorCode })
      expect(answer.errorMessage).toMatch(message)
    })

    it('does not know topics that are not there', async () => {
      const raw = await stage.connect()
      expect(await change(raw, newName('absent'), [['retention.ms', SET, '5']])).toMatchObject({
        errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION,
      })
    })

    it('changes configs of the broker that may change', async () => {
      const raw = await stage.connect()
      const alter = async (name: string, configOperation: number, value: string | null) => {
        const configs = [{ name, configOperation, value }]
        const { responses } = await raw.send('IncrementalAlterConfigs', 1, {
          resources: [{ resourceType: BROKER, resourceName: '1', configs }],
          validateOnly: false,
        })
        return responses[0]!.errorCode
      }
      const current = async () => (await describeConfigs(raw, BROKER, '1', ['log.cleaner.backoff.ms'])).configs[0]!
      expect(await alter('log.cleaner.backoff.ms', SET, '123')).toBe(0)
      await expect.poll(current).toMatchObject({ value: '123', configSource: 2 })
      expect(await alter('log.cleaner.backoff.ms', DELETE, null)).toBe(0)
      await expect.poll(current).toMatchObject({ value: '100', configSource: 4 })
    })
  })

  describe('AlterConfigs', () => {
    it.each(versions('AlterConfigs'))('replaces all configs of a topic (version %i)', async (version) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { configs: { 'retention.ms': '777' } })
      const resources = [{ resourceType: TOPIC, resourceName: topic, configs: [{ name: 'segment.ms', value: '888' }] }]
      const { responses } = await raw.send('AlterConfigs', version, { resources, validateOnly: false })
      expect(responses).toMatchObject([{ errorCode: 0, resourceType: TOPIC, resourceName: topic }])
      await expect.poll(() => configOf(raw, topic, 'segment.ms')).toMatchObject({ value: '888' })
      expect(await configOf(raw, topic, 'retention.ms')).toMatchObject({ value: '604800000' })
    })
  })

  describe('DescribeLogDirs', () => {
    it.each(versions('DescribeLogDirs'))('tells the size of partitions (version %i)', async (version) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await produce(raw, topic, [{ value: 'x'.repeat(500) }])
      const { results } = await raw.send('DescribeLogDirs', version, { topics: [{ topic, partitions: [0] }] })
      expect(results).toHaveLength(1)
      expect(results[0]).toMatchObject({
        errorCode: 0,
        topics: [{ name: topic, partitions: [{ partitionIndex: 0, offsetLag: 0, isFutureKey: false }] }],
      })
      expect(results[0]!.topics[0]!.partitions[0]!.partitionSize).toBeGreaterThan(500)
      expect(results[0]!.logDir).not.toBe('')
    })

    it('tells all partitions when asked for null', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { partitions: 2 })
      const { results } = await raw.send('DescribeLogDirs', 4, { topics: null })
      expect(results[0]!.topics.find(({ name }) => name === topic)!.partitions).toHaveLength(2)
    })
  })

  describe('what one node has little of', () => {
    it.each(versions('ElectLeaders'))('ElectLeaders %i says that no election is needed', async (version) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const { replicaElectionResults } = await raw.send('ElectLeaders', version, {
        topicPartitions: [{ topic, partitions: [0] }],
        timeoutMs: 60_000,
      })
      expect(replicaElectionResults).toMatchObject([
        { topic, partitionResult: [{ partitionId: 0, errorCode: Errors.ELECTION_NOT_NEEDED }] },
      ])
    })

    it('ListPartitionReassignments has none', async () => {
      const raw = await stage.connect()
      expect(await raw.send('ListPartitionReassignments', 0, { timeoutMs: 60_000, topics: null })).toMatchObject({
        errorCode: 0,
        topics: [],
      })
    })
  })
}
