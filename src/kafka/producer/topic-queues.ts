import type { TopicMetadata } from '../metadata.ts'
import { PartitionQueue } from './partition-queue.ts'
import type { Partitioner } from './partitioner.ts'

/** A topic the producer writes to: its partitions as the latest metadata has them. */
export class TopicQueues {
  readonly name: string
  readonly partitioner: Partitioner
  /** 0: not known yet, or the topic is gone. */
  partitionCount = 0
  /** Most bytes a batch may have after the broker called a larger one too large. */
  maxBatchBytes = Infinity
  private readonly queues: PartitionQueue[] = []

  constructor(name: string, partitioner: Partitioner) {
    this.name = name
    this.partitioner = partitioner
  }

  /** Takes in what metadata says. Records accepted before keep their partitions. */
  update(metadata: TopicMetadata | undefined): void {
    const partitions = metadata?.partitions ?? []
    this.partitionCount = partitions.length
    if (partitions.length === 0) return
    const available = partitions.filter(({ leader }) => leader >= 0).map(({ partition }) => partition)
    this.partitioner.update(partitions.length, available)
  }

  queue(partition: number): PartitionQueue {
    return (this.queues[partition] ??= new PartitionQueue(this, partition))
  }
}
