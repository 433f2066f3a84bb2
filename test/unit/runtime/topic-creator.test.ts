import { describe, expect, it } from 'vitest'
import { ConnectException, RetriableException } from '../../../src/api/errors.ts'
import { kafkaError, type KafkaError } from '../../../src/kafka/errors.ts'
import type { Admin } from '../../../src/kafka/ports.ts'
import { topicCreationGroups } from '../../../src/runtime/topic-creation.ts'
import { TopicCreator } from '../../../src/runtime/topic-creator.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

const groups = topicCreationGroups({ 'topic.creation.default.replication.factor': '3', 'topic.creation.default.partitions': '1' })

/** A cluster without topics that answers a request to create one like this. */
function creatorOver(created: 'created' | KafkaError, described: Error | KafkaError = kafkaError(3)) {
  const requests: unknown[] = []
  const admin: Pick<Admin, 'describeTopics' | 'createTopics' | 'close'> = {
    describeTopics: async ([topic = '']) =>
      described.message === 'no answer' ? Promise.reject(kafkaError(7)) : new Map([[topic, described as KafkaError]]),
    createTopics: async (topics) => {
      requests.push(...topics)
      return new Map(topics.map(({ name }) => [name, created]))
    },
    close: async () => undefined,
  }
  return { creator: new TopicCreator(admin as Admin, groups, new CollectingLogger()), requests }
}

describe('TopicCreator', () => {
  it('creates a topic once, as its group says', async () => {
    const { creator, requests } = creatorOver('created')
    await creator.ensure('t')
    expect(requests).toMatchObject([{ name: 't', partitions: 1, replicationFactor: 3 }])
    expect(creator.isKnown('t')).toBe(true)
    expect(creator.isKnown('other')).toBe(false)
  })

  it.each([
    ['TOPIC_AUTHORIZATION_FAILED', 29, 'Ensure that the task is authorized to create topics or that the topic exists and restart the task'],
    [
      'CLUSTER_AUTHORIZATION_FAILED',
      31,
      'Ensure that the task is authorized to create topics or that the topic exists and restart the task',
    ],
    ['INVALID_REPLICATION_FACTOR', 38, 'Change these keys, or create the topic yourself, and restart the task'],
    ['POLICY_VIOLATION', 44, 'Change these keys, or create the topic yourself, and restart the task'],
  ])('fails the task when it is refused with %s, saying what to do', async (_, code, advice) => {
    const { creator } = creatorOver(kafkaError(code))
    const ensured = creator.ensure('t')
    await expect(ensured).rejects.toThrow('Task failed to create new topic t with the settings of topic.creation.default')
    await expect(ensured).rejects.toThrow(advice)
    await expect(ensured).rejects.not.toBeInstanceOf(RetriableException)
    expect(creator.isKnown('t')).toBe(false)
  })

  it('fails the task when it may not describe the topic', async () => {
    await expect(creatorOver('created', kafkaError(29)).creator.ensure('t')).rejects.toThrow(ConnectException)
  })

  it.each([
    ['asked for', creatorOver('created', new Error('no answer'))],
    ['created', creatorOver(kafkaError(7))],
  ])('asks for another try when the brokers are out while the topic is %s', async (_, { creator }) => {
    await expect(creator.ensure('t')).rejects.toThrow(RetriableException)
  })
})
