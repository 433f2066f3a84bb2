import type { PartitionQueue } from './partition-queue.ts'

/** Adds partitions at the coordinator. @returns false when it was not done because it was no longer wanted */
export type AddPartitions = (queues: readonly PartitionQueue[]) => Promise<boolean>

export interface TransactionPartitionsOptions {
  /** Never rejects: a failure is the transaction's. */
  readonly add: AddPartitions
  /** Partitions were added: their batches may go out. */
  readonly added: (queues: readonly PartitionQueue[]) => void
}

/**
 * The partitions of the current transaction. A partition's first batch waits until the coordinator knows that the partition takes part,
 * so that it can end the transaction there even if this producer cannot. One request at a time; those that come meanwhile share the next.
 */
export class TransactionPartitions {
  readonly #options: TransactionPartitionsOptions
  /** Of the current transaction: a queue that was added carries it. */
  #number = 0
  #hasAny = false
  readonly #wanted = new Set<PartitionQueue>()
  #asked: ReadonlySet<PartitionQueue> = NONE
  #adding: Promise<void> | null = null

  constructor(options: TransactionPartitionsOptions) {
    this.#options = options
  }

  /** Counts the transactions that were begun. */
  get number(): number {
    return this.#number
  }

  /** The coordinator knows of at least one. */
  get hasAny(): boolean {
    return this.#hasAny
  }

  /** A transaction begins, without any. */
  begin(): void {
    this.#number++
    this.#hasAny = false
  }

  /** Whether batches of the partition may go out. If not yet, it is being added. */
  admits(queue: PartitionQueue): boolean {
    if (queue.transaction === this.#number) return true
    if (this.#asked.has(queue)) return false
    this.#wanted.add(queue)
    this.#adding ??= this.#addWanted()
    return false
  }

  /** Asks for no more. @returns settled when what was asked for is answered */
  stop(): Promise<void> {
    this.#wanted.clear()
    return this.#adding ?? Promise.resolve()
  }

  async #addWanted(): Promise<void> {
    // whoever sends to many partitions in one go names them all first
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.#wanted.size > 0) {
      const queues = [...this.#wanted]
      this.#wanted.clear()
      this.#asked = new Set(queues)
      const areAdded = await this.#options.add(queues)
      this.#asked = NONE
      if (areAdded) this.#take(queues)
    }
    this.#adding = null
  }

  #take(queues: readonly PartitionQueue[]): void {
    this.#hasAny = true
    for (const queue of queues) queue.transaction = this.#number
    this.#options.added(queues)
  }
}

const NONE: ReadonlySet<PartitionQueue> = new Set()
