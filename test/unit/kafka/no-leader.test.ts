import { describe, expect, it } from 'vitest'
import { kafkaError, type KafkaError } from '../../../src/kafka/errors.ts'
import type { Metadata } from '../../../src/kafka/metadata.ts'
import { noLeader } from '../../../src/kafka/no-leader.ts'

const partitions = [{ partition: 0, leader: -1, leaderEpoch: 0, replicas: [], isr: [] }]

function codeOf(partition: number, topicError?: KafkaError): string {
  const topic = (name: string) => (name === 't' ? { name, internal: false, partitions } : undefined)
  return noLeader({ topic, topicError: () => topicError } as unknown as Metadata, { topic: 't', partition }).code
}

describe('a partition without a leader', () => {
  it('is without one for the moment when it is known', () => expect(codeOf(0)).toBe('LEADER_NOT_AVAILABLE'))

  it('is unknown when the topic does not have it', () => expect(codeOf(1)).toBe('UNKNOWN_TOPIC_OR_PARTITION'))

  it('is what the broker says of its topic', () => expect(codeOf(1, kafkaError(29))).toBe('TOPIC_AUTHORIZATION_FAILED'))
})
