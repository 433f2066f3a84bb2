import type { TopicPartition } from 'standpipe/api'

/**
 * The lowest offset per partition among those it was shown. Offsets of a partition come in ascending order, so that the first
 * one decides; a run of one partition costs a comparison each. Coordinates are those before transformations.
 */
export class LowestOffsets {
  readonly #topics: string[] = []
  readonly #partitions: number[] = []
  readonly #offsets: number[] = []
  #last = -1

  /** @returns the partition's number in here: 0 for the first, and so on */
  note(topic: string, partition: number, offset: number): number {
    if (this.#partitions[this.#last] !== partition || this.#topics[this.#last] !== topic) this.#last = this.#find(topic, partition)
    if (this.#last < 0) {
      this.#last = this.#topics.push(topic) - 1
      this.#partitions.push(partition)
      this.#offsets.push(offset)
    } else if (offset < (this.#offsets[this.#last] ?? offset)) {
      this.#offsets[this.#last] = offset
    }
    return this.#last
  }

  /** Null: nothing of this partition. */
  of({ topic, partition }: TopicPartition): number | null {
    return this.#offsets[this.#find(topic, partition)] ?? null
  }

  /** The partition of this number. */
  partition(number: number): TopicPartition {
    return { topic: this.#topics[number] ?? '', partition: this.#partitions[number] ?? -1 }
  }

  forget({ topic, partition }: TopicPartition): void {
    const index = this.#find(topic, partition)
    if (index < 0) return
    for (const column of [this.#topics, this.#partitions, this.#offsets]) column.splice(index, 1)
    this.#last = -1
  }

  #find(topic: string, partition: number): number {
    for (let index = 0; index < this.#topics.length; index++) {
      if (this.#partitions[index] === partition && this.#topics[index] === topic) return index
    }
    return -1
  }
}
