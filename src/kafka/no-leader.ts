import { kafkaError, type KafkaError } from './errors.ts'
import type { Metadata } from './metadata.ts'
import type { TopicPartition } from './ports.ts'

const UNKNOWN_TOPIC_OR_PARTITION = 3
const LEADER_NOT_AVAILABLE = 5

/** Why a partition has no leader to ask: what the broker says of its topic, or what follows from its silence. */
export function noLeader(metadata: Metadata, { topic, partition }: TopicPartition): KafkaError {
  const isKnown = metadata.topic(topic)?.partitions[partition] !== undefined
  return metadata.topicError(topic) ?? kafkaError(isKnown ? LEADER_NOT_AVAILABLE : UNKNOWN_TOPIC_OR_PARTITION, { topic, partition })
}
