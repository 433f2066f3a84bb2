import { describe, expect, it } from 'vitest'
import { topicCreationGroups, usesTopicCreation } from '../../../src/runtime/topic-creation.ts'

const fallback = { 'topic.creation.default.partitions': '2', 'topic.creation.default.replication.factor': '-1' }

describe('topic creation', () => {
  it('is asked for by any of its keys', () => {
    expect([usesTopicCreation({ name: 'a' }), usesTopicCreation(fallback)]).toEqual([false, true])
  })

  it('takes the first group that includes and does not exclude the topic, counts inherited, other keys as topic configuration', () => {
    const groups = topicCreationGroups({
      ...fallback,
      'topic.creation.groups': 'logs, default',
      'topic.creation.logs.include': 'log-.*,audit',
      'topic.creation.logs.exclude': 'log-tmp',
      'topic.creation.logs.partitions': '5',
      'topic.creation.logs.cleanup.policy': 'delete',
    })
    const groupOf = (topic: string) => groups.find((group) => group.matches(topic))
    expect(groupOf('log-a')).toMatchObject({ name: 'logs', partitions: 5, replicationFactor: -1, configs: { 'cleanup.policy': 'delete' } })
    expect(['audit', 'xlog-a', 'log-tmp'].map((topic) => groupOf(topic)!.name)).toEqual(['logs', 'default', 'default'])
  })

  it.each([
    [
      { 'topic.creation.groups': 'g' },
      'Missing required configuration "topic.creation.default.replication.factor" which has no default value.',
    ],
    [
      { ...fallback, 'topic.creation.default.partitions': '0' },
      "Invalid value 0 for configuration partitions: Number of partitions must be positive, or -1 to use the broker's default",
    ],
    [
      { ...fallback, 'topic.creation.groups': 'g', 'topic.creation.g.include': '(' },
      'Invalid value [(] for configuration include: Syntax error in regular expression: Unclosed group near index 1\n(',
    ],
  ])('refuses %j as Connect does', (props, message) => {
    expect(() => topicCreationGroups(props as Record<string, string>)).toThrow(message)
  })
})
