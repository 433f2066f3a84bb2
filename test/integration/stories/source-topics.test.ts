import { expect } from 'vitest'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const byDefault = { 'topic.creation.default.partitions': '3', 'topic.creation.default.replication.factor': '1' }

describeConcurrentStories('topics that a source writes to first', {}, (story) => {
  story('are created as topic.creation.default says, configuration included', async (scene) => {
    const topic = scene.name('created')
    const source = await scene.source({}, { topic, config: { ...byDefault, 'topic.creation.default.cleanup.policy': 'compact' } })
    source.emit({ value: 'a', key: 'k' })
    await source.director.until(() => source.director.committedRecords.length === 1)
    expect(await scene.partitionsOf(topic)).toBe(3)
    expect((await scene.stage.admin.topicConfigs(topic)).get('cleanup.policy')).toBe('compact')
  })

  story('are created as the first group that includes and does not exclude them says, which inherits the rest', async (scene) => {
    const prefix = scene.name('grouped')
    const config = {
      ...byDefault,
      'topic.creation.groups': 'logs, rest',
      'topic.creation.logs.include': `${prefix}\\.log.*`,
      'topic.creation.logs.exclude': '.*secret',
      'topic.creation.logs.partitions': '2',
      'topic.creation.rest.include': `${prefix}.*`,
      'topic.creation.rest.partitions': '1',
    }
    const [logs, secret, other] = [`${prefix}.log`, `${prefix}.log.secret`, scene.name('other')]
    scene.adopt(logs, secret)
    const source = await scene.source({}, { topic: logs, config })
    source.emit({ value: 'a' }, { value: 'b', topic: secret }, { value: 'c', topic: other })
    await source.director.until(() => source.director.committedRecords.length === 3)
    expect([await scene.partitionsOf(logs), await scene.partitionsOf(secret), await scene.partitionsOf(other)]).toEqual([2, 1, 3])
  })

  story('are left as they are when they exist', async (scene) => {
    const source = await scene.source({}, { partitions: 1, config: byDefault })
    source.emit({ value: 'a' })
    await source.director.until(() => source.director.committedRecords.length === 1)
    expect(await scene.partitionsOf(source.topic)).toBe(1)
  })

  story('that cannot be created fail the task, which says why', async (scene) => {
    const topic = scene.name('too-many-replicas')
    const source = await scene.source({}, { topic, config: { ...byDefault, 'topic.creation.default.replication.factor': '7' } })
    source.emit({ value: 'a' })
    const { trace } = await source.reaches('FAILED')
    expect(trace).toContain(topic)
    expect(trace).toMatch(/replication/i)
  })
})

describeConcurrentStories(
  'with topic.creation.enable=false, topics that a source writes to first',
  { 'topic.creation.enable': 'false' },
  (story) => {
    story('are left to the broker', async (scene) => {
      const topic = scene.name('by-broker')
      const source = await scene.source({}, { topic, config: byDefault })
      source.emit({ value: 'a' })
      await source.director.until(() => source.director.committedRecords.length === 1)
      expect(await scene.partitionsOf(topic)).toBe(1)
    })
  },
)
