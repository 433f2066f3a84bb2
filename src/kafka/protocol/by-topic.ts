import type { TopicPartition } from '../../api/sink.ts'

/** Kafka's requests name each topic once, with its partitions below it. The order of topics and partitions is kept. */
export function byTopic<T extends TopicPartition>(items: Iterable<T>): Map<string, T[]> {
  const topics = new Map<string, T[]>()
  for (const item of items) {
    const partitions = topics.get(item.topic)
    if (partitions === undefined) topics.set(item.topic, [item])
    else partitions.push(item)
  }
  return topics
}
