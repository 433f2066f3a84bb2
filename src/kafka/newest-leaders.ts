import type { PartitionMetadata, TopicMetadata } from './metadata.ts'

/**
 * A topic as a broker has just described it, but for partitions of which that broker is behind: it still tells of a leader before the one
 * that is known, and following it would lead back to a broker that others have replaced. A topic made anew counts its epochs anew.
 * Apache Kafka 4.3, Metadata#updateLatestMetadata.
 * @param onOlder told of each partition for which what is known is kept
 */
export function withNewestLeaders(
  told: TopicMetadata,
  known: TopicMetadata | undefined,
  onOlder: (told: PartitionMetadata, known: PartitionMetadata) => void,
): TopicMetadata {
  if (known === undefined || (told.id !== null && told.id !== known.id)) return told
  const partitions = told.partitions.map((partition) => {
    const before = known.partitions[partition.partition]
    if (before === undefined || !isOlder(partition, before)) return partition
    onOlder(partition, before)
    return before
  })
  return { ...told, partitions }
}

/** Epochs that are not told say nothing. */
function isOlder(told: PartitionMetadata, known: PartitionMetadata): boolean {
  return told.leaderEpoch >= 0 && told.leaderEpoch < known.leaderEpoch
}
