import type { SinkRecord, TopicPartitionOffset } from 'standpipe/api'

/** The lowest offset of each partition among records that are not settled; `topic-partition` is the one before transformations. */
export function lowestOffsets(batches: Iterable<readonly SinkRecord[]>): Map<string, number> {
  const lowest = new Map<string, number>()
  for (const records of batches) {
    let lastTopic = ''
    let lastPartition = -1
    for (const { originalTopic, originalKafkaPartition, originalKafkaOffset } of records) {
      // offsets of a partition ascend, so that of a run of one partition the first decides
      if (originalKafkaPartition === lastPartition && originalTopic === lastTopic) continue
      lastTopic = originalTopic
      lastPartition = originalKafkaPartition
      const id = partitionId(originalTopic, originalKafkaPartition)
      const known = lowest.get(id)
      if (known === undefined || originalKafkaOffset < known) lowest.set(id, originalKafkaOffset)
    }
  }
  return lowest
}

/** What may be committed while those offsets are not settled. */
export function committableOffsets(
  current: readonly TopicPartitionOffset[],
  unsettled: ReadonlyMap<string, number>,
): TopicPartitionOffset[] {
  return current.map(({ topic, partition, offset }) => {
    const held = unsettled.get(partitionId(topic, partition))
    return { topic, partition, offset: held === undefined ? offset : Math.min(held, offset) }
  })
}

export function partitionId(topic: string, partition: number): string {
  return `${topic}-${partition}`
}
