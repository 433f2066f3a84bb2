import { describe, expect, it } from 'vitest'
import { AlterConfigsApi } from '../../../../src/broker/admin/alter-configs-api.ts'
import { Operation } from '../../../../src/broker/admin/config-changes.ts'
import { ResourceType } from '../../../../src/broker/admin/config-resources.ts'
import { BrokerConfig, parseBrokerSettings } from '../../../../src/broker/config/broker-config.ts'
import { LogDirectory } from '../../../../src/broker/log/log-directory.ts'
import { systemClock, type Clock } from '../../../../src/broker/clock.ts'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { Topics } from '../../../../src/broker/topic/topics.ts'
import { silentLogger } from '../../../../src/logging/logger.ts'
import { ManualClock, settled } from '../../../support/broker/manual-clock.ts'
import { RecordingStateStore } from '../../../support/broker/recording-state-store.ts'
import { appendValues } from '../log/log-fixture.ts'

async function openTopics(store = new RecordingStateStore(), props: Record<string, string> = {}, clock: Clock = systemClock) {
  const logs = await LogDirectory.open({ dirs: null, clock, log: silentLogger, onAdvance: () => undefined })
  const config = new BrokerConfig(props, parseBrokerSettings(props), store.reopen())
  return { store, config, topics: new Topics({ store, logs, config }) }
}

const orders = { name: 'orders', partitions: 2, overrides: { 'retention.ms': '5000', 'min.insync.replicas': '2' } }

describe('topics', () => {
  it('have an id, partitions and a configuration made of the broker’s and their own', async () => {
    const { topics } = await openTopics(undefined, { 'log.cleanup.policy': 'compact' })
    const topic = await topics.create(orders)
    expect(topics.get('orders')).toBe(topic)
    expect(topics.byId(topic.id)).toBe(topic)
    expect(topics.partition('orders', 1)).toBe(topic.partitions[1])
    expect(topics.partition('orders', 2)).toBeNull()
    expect(topic.minInsyncReplicas).toBe(2)
    expect(topic.config).toMatchObject({ 'retention.ms': 5000, 'cleanup.policy': ['compact'] })
    expect(Buffer.from(topic.id, 'base64url')).toHaveLength(16)
  })

  it('are synced as they say themselves, or else as the broker says, also when that changes', async () => {
    const clock = new ManualClock()
    const { topics, config } = await openTopics(undefined, { 'log.flush.interval.ms': '400' }, clock)
    const made = [
      await topics.create({ name: 'silent', partitions: 1, overrides: {} }),
      await topics.create({ name: 'soon', partitions: 1, overrides: { 'flush.ms': '50' } }),
      await topics.create({ name: 'counts', partitions: 1, overrides: { 'flush.messages': '2' } }),
    ]
    const flushedAfter = async (ms: number) => {
      for (const { partitions } of made) appendValues(partitions[0]!, ['a', 'b'])
      await clock.advance(ms)
      await settled()
      return made.map(({ partitions: [log] }) => log!.flushedOffset)
    }
    expect(await flushedAfter(0)).toEqual([0, 0, 2])
    expect(await flushedAfter(50)).toEqual([0, 4, 4])
    expect(await flushedAfter(349)).toEqual([0, 6, 6])
    expect(await flushedAfter(1)).toEqual([8, 6, 8])
    const set = (name: string, value: string) => ({ name, configOperation: Operation.SET, value })
    const resource = (resourceName: string, configs: ReturnType<typeof set>[]) => ({
      resourceType: ResourceType.TOPIC,
      resourceName,
      configs,
    })
    const resources = [resource('silent', [set('flush.ms', '30')]), resource('counts', [set('flush.messages', '1000')])]
    const { responses } = await new AlterConfigsApi(topics, config).answerIncremental({ resources, validateOnly: false })
    expect(responses.map(({ errorCode }) => errorCode)).toEqual([0, 0])
    expect(await flushedAfter(30)).toEqual([10, 6, 8])
  })

  it('are there again after a restart, with id, partitions and configuration', async () => {
    const { store, topics } = await openTopics()
    const { id } = await topics.create(orders)
    await topics.addPartitions(topics.get('orders')!, 3)
    await topics.create({ name: 'gone', partitions: 1, overrides: {} })
    await topics.delete(topics.get('gone')!)
    const { topics: again } = await openTopics(store)
    expect(Array.from(again.all(), ({ name }) => name)).toEqual(['orders'])
    expect(again.get('orders')).toMatchObject({ id, overrides: orders.overrides })
    expect(again.get('orders')!.partitions).toHaveLength(3)
  })

  it('keep what they set when the broker’s own configuration comes to contradict it, through restarts too', async () => {
    const { store, topics, config } = await openTopics()
    const topic = await topics.create({ name: 'slow', partitions: 1, overrides: { 'min.compaction.lag.ms': '5000' } })
    const configs = [{ name: 'log.cleaner.max.compaction.lag.ms', configOperation: Operation.SET, value: '1000' }]
    const resources = [{ resourceType: ResourceType.BROKER, resourceName: '', configs }]
    const { responses } = await new AlterConfigsApi(topics, config).answerIncremental({ resources, validateOnly: false })
    expect(responses).toMatchObject([{ errorCode: Errors.NONE }])
    const inForce = { 'min.compaction.lag.ms': 5000, 'max.compaction.lag.ms': 1000 }
    expect(topic.config).toMatchObject(inForce)
    const { topics: again } = await openTopics(store)
    expect(again.get('slow')!.config).toMatchObject(inForce)
    expect(() => again.checkOverrides(topic.overrides)).toThrow('conflict topic config setting')
  })

  it('are kept from what the broker may have and they may not: nothing of it is there after a restart', async () => {
    const { store, topics, config } = await openTopics()
    await topics.create(orders)
    const configs = [{ name: 'log.roll.ms', configOperation: Operation.SET, value: '0' }]
    const resources = [{ resourceType: ResourceType.BROKER, resourceName: '', configs }]
    const { responses } = await new AlterConfigsApi(topics, config).answerIncremental({ resources, validateOnly: false })
    const errorMessage = 'Invalid value 0 for configuration segment.ms: Value must be at least 1'
    expect(responses).toMatchObject([{ errorCode: Errors.INVALID_REQUEST, errorMessage }])
    const { topics: again } = await openTopics(store)
    expect(again.get('orders')!.config['segment.ms']).toBe(604_800_000)
  })

  it('can be used only when the store has them', async () => {
    const { store, topics } = await openTopics()
    const release = store.hold()
    const created = topics.create(orders)
    expect(topics.get('orders')).toBeNull()
    await expect(topics.create(orders)).rejects.toMatchObject({ error: Errors.TOPIC_ALREADY_EXISTS })
    release()
    expect(topics.get('orders')).toBeNull()
    expect(await created).toBe(topics.get('orders'))
  })

  it('are made once, however many clients ask for one at the same time', async () => {
    const { topics } = await openTopics(undefined, { 'num.partitions': '4' })
    const [first, second] = await Promise.all([topics.ensure('clicks'), topics.ensure('clicks')])
    expect(first).toBe(second)
    expect(first.partitions).toHaveLength(4)
  })

  it('leave nothing behind when the store fails', async () => {
    const { store, topics } = await openTopics()
    store.failure = new Error('disk full')
    await expect(topics.create(orders)).rejects.toThrow('disk full')
    store.failure = null
    await topics.create(orders)
    expect(topics.get('orders')).not.toBeNull()
  })

  it.each([
    ['', 'Topic name is invalid: the empty string is not allowed'],
    ['.', "Topic name is invalid: '.' is not allowed"],
    ['..', "Topic name is invalid: '..' is not allowed"],
    ['a b', "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"],
    ['x'.repeat(250), `Topic name is invalid: the length of '${'x'.repeat(250)}' is longer than the max allowed length 249`],
  ])('cannot be named %j', async (name, message) => {
    const { topics } = await openTopics()
    await expect(topics.create({ ...orders, name })).rejects.toMatchObject({ error: Errors.INVALID_TOPIC_EXCEPTION, message })
  })

  it('cannot differ in dots and underscores only, or have names that Kafka keeps for itself', async () => {
    const { topics } = await openTopics()
    await topics.create({ ...orders, name: 'a.b' })
    await expect(topics.create({ ...orders, name: 'a_b' })).rejects.toMatchObject({
      error: Errors.INVALID_TOPIC_EXCEPTION,
      message: "Topic 'a_b' collides with existing topic: a.b",
    })
    await expect(topics.create({ ...orders, name: '__consumer_offsets' })).rejects.toMatchObject({ error: Errors.INVALID_REQUEST })
  })

  it('follow the broker’s configuration where they have none of their own', async () => {
    const { config, topics } = await openTopics()
    await topics.create({ name: 'plain', partitions: 1, overrides: {} })
    await topics.create(orders)
    await config.setDynamic('default', { 'log.retention.ms': '86400000' })
    topics.applyDefaults()
    expect(topics.get('plain')!.config['retention.ms']).toBe(86_400_000)
    expect(topics.get('orders')!.config['retention.ms']).toBe(5000)
  })

  it('tell who listens that they are gone, and wait for them', async () => {
    const { topics } = await openTopics()
    await topics.create(orders)
    const gone: string[] = []
    topics.onDelete(async ({ name }) => {
      await Promise.resolve()
      gone.push(name)
    })
    await topics.delete(topics.get('orders')!)
    expect(gone).toEqual(['orders'])
    expect(topics.get('orders')).toBeNull()
  })

  it('are changed one after another', async () => {
    const { topics } = await openTopics()
    const steps: string[] = []
    const change = (name: string) => async () => {
      steps.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      steps.push(`${name} ends`)
      if (name === 'first') throw new Error('refused')
    }
    const [first] = await Promise.allSettled([topics.exclusively(change('first')), topics.exclusively(change('second'))])
    expect(first.status).toBe('rejected')
    expect(steps).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
  })
})
