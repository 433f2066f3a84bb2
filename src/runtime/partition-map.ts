import type { TopicPartition, TopicPartitionOffset } from '../kafka/ports.ts'

/** A map by topic and partition. */
export class PartitionMap<V> {
  readonly #byTopic = new Map<string, Map<number, V>>()

  get(topic: string, partition: number): V | undefined {
    return this.#byTopic.get(topic)?.get(partition)
  }

  has({ topic, partition }: TopicPartition): boolean {
    return this.#byTopic.get(topic)?.has(partition) ?? false
  }

  set(topic: string, partition: number, value: V): void {
    const partitions = this.#byTopic.get(topic)
    if (partitions === undefined) this.#byTopic.set(topic, new Map([[partition, value]]))
    else partitions.set(partition, value)
  }

  delete({ topic, partition }: TopicPartition): void {
    const partitions = this.#byTopic.get(topic)
    if (partitions?.delete(partition) === true && partitions.size === 0) this.#byTopic.delete(topic)
  }

  clear(): void {
    this.#byTopic.clear()
  }

  partitions(): TopicPartition[] {
    return [...this.#byTopic].flatMap(([topic, partitions]) => [...partitions.keys()].map((partition) => ({ topic, partition })))
  }
}

/** The entries of a map of offsets. */
export function offsetsOf(map: PartitionMap<number>): TopicPartitionOffset[] {
  return map.partitions().map(({ topic, partition }) => ({ topic, partition, offset: map.get(topic, partition) ?? 0 }))
}

export function partitionText({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
