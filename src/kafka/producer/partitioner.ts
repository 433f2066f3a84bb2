import { murmur2 } from './murmur2.ts'

/** Chooses the partition of records that name none. One per topic; a choice is made once, when the record is accepted. */
export interface Partitioner {
  /**
   * Called with the first metadata of the topic and whenever it changes, before the next `partition`.
   * @param available partitions that have a leader; when empty, all count
   */
  update(partitionCount: number, available: readonly number[]): void
  partition(key: Uint8Array | null): number
  /**
   * Called when a record that `partition` placed was appended.
   * @param bytes what the record takes in its batch
   * @param isBatchReady whether its batch will be sent without waiting for more
   */
  appended(key: Uint8Array | null, bytes: number, isBatchReady: boolean): void
}

/** The partition of a key: the same in every Kafka client, whether or not the partition has a leader now. An empty key is a key. */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount
}

/**
 * Kafka's own partitioner (KIP-794): by key, or sticky. Sticky means a random available partition, kept until `batch.size` bytes went
 * to it and its batch is ready, so that batches fill up; at the latest until twice that (Apache Kafka 4.3, BuiltInPartitioner).
 */
export class StickyPartitioner implements Partitioner {
  readonly #batchSize: number
  readonly #ignoresKeys: boolean
  readonly #random: () => number
  #partitionCount = 0
  #available: readonly number[] = []
  #current = -1
  #producedBytes = 0

  /**
   * @param ignoresKeys `partitioner.ignore.keys`: records with a key are spread like those without
   * @param random as `Math.random`
   */
  constructor(batchSize: number, ignoresKeys: boolean, random: () => number = Math.random) {
    this.#batchSize = Math.max(1, batchSize)
    this.#ignoresKeys = ignoresKeys
    this.#random = random
  }

  update(partitionCount: number, available: readonly number[]): void {
    this.#partitionCount = partitionCount
    this.#available = available
    const isGone = this.#current >= partitionCount || (available.length > 0 && !available.includes(this.#current))
    if (isGone || this.#current === -1) this.#switchPartition()
  }

  partition(key: Uint8Array | null): number {
    return key === null || this.#ignoresKeys ? this.#current : partitionForKey(key, this.#partitionCount)
  }

  appended(key: Uint8Array | null, bytes: number, isBatchReady: boolean): void {
    if (key !== null && !this.#ignoresKeys) return
    this.#producedBytes += bytes
    const limit = isBatchReady ? this.#batchSize : 2 * this.#batchSize
    if (this.#producedBytes >= limit) this.#switchPartition()
  }

  #switchPartition(): void {
    this.#current = choose(this.#available, this.#partitionCount, Math.floor(this.#random() * 0x7fffffff))
    this.#producedBytes = 0
  }
}

/** `partitioner.class=org.apache.kafka.clients.producer.RoundRobinPartitioner`: one partition after the other, whatever the key. */
export class RoundRobinPartitioner implements Partitioner {
  #partitionCount = 0
  #available: readonly number[] = []
  #turn = 0

  update(partitionCount: number, available: readonly number[]): void {
    this.#partitionCount = partitionCount
    this.#available = available
  }

  partition(): number {
    const turn = this.#turn
    this.#turn = (turn + 1) & 0x7fffffff
    return choose(this.#available, this.#partitionCount, turn)
  }

  appended(): void {
    // each record takes the next partition, however full its batch is
  }
}

function choose(available: readonly number[], partitionCount: number, number: number): number {
  return available[number % available.length] ?? number % partitionCount
}
