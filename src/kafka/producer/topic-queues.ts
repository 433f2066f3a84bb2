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
  /** Set with every record; a store is cheaper than a look at the clock. */
  isUsed = false
  /** Sends that wait for memory. */
  waitingSends = 0
  #lastUsedAt: number
  readonly #queues: PartitionQueue[] = []

  constructor(name: string, partitioner: Partitioner, now: number) {
    this.name = name
    this.partitioner = partitioner
    this.#lastUsedAt = now
  }

  /** Takes in what metadata says. Records accepted before keep their partitions. */
  update(metadata: TopicMetadata | undefined): void {
    const partitions = metadata?.partitions ?? []
    this.partitionCount = partitions.length
    if (partitions.length === 0) return
    const available = partitions.filter(({ leader }) => leader >= 0).map(({ partition }) => partition)
    this.partitioner.update(partitions.length, available)
  }

  /** Whether a record came since `time`, as far as calls of this method can tell. */
  isUsedAfter(time: number, now: number): boolean {
    if (this.isUsed || this.waitingSends > 0) this.#lastUsedAt = now
    this.isUsed = false
    return this.#lastUsedAt > time
  }

  /** Whether records can go to the partition; null: to any. */
  has(partition: number | null): boolean {
    return partition === null ? this.partitionCount > 0 : partition >= 0 && partition < this.partitionCount
  }

  queue(partition: number): PartitionQueue {
    return (this.#queues[partition] ??= new PartitionQueue(this, partition))
  }
}
