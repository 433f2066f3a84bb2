import type { TopicPartition } from '../ports.ts'
import type { Settled } from './delivery-queue.ts'
import { PartitionSequence } from './partition-sequence.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { TopicQueues } from './topic-queues.ts'

/** What one partition has to send, in order, and what is on its way. */
export class PartitionQueue implements TopicPartition {
  readonly topicQueues: TopicQueues
  readonly topic: string
  readonly partition: number
  /** In the order of their ordinals. Only the last one may be open. */
  readonly waiting: ProducerBatch[] = []
  /** Sent and not answered, in the order they were sent. */
  readonly inFlight: ProducerBatch[] = []
  /** Settled before one ahead of them was: to be told after that one. */
  readonly untold: Settled[] = []
  /** The last of those waiting while it takes records. */
  open: ProducerBatch | null = null
  /** Used by the idempotent producer only. */
  readonly sequence = new PartitionSequence()
  /** The last transaction it took part in, as the producer counts them; 0: none. */
  transaction = 0
  /** Size of the last batch, the best guess for the next one's buffer. */
  lastBatchBytes = 0
  /** The last attempt failed. Said once, until one succeeds. */
  isTroubled = false
  /** Records of all batches so far, the ordinal of the next one. */
  #sealedRecords = 0

  constructor(topicQueues: TopicQueues, partition: number) {
    this.topicQueues = topicQueues
    this.topic = topicQueues.name
    this.partition = partition
  }

  get head(): ProducerBatch | undefined {
    return this.waiting[0]
  }

  /** Whether a batch ahead of this one has no outcome yet. */
  hasUnsettledBefore({ ordinal }: ProducerBatch): boolean {
    for (const batch of this.inFlight) if (!batch.isSettled && batch.ordinal < ordinal) return true
    return (this.waiting[0]?.ordinal ?? Infinity) < ordinal
  }

  get nextOrdinal(): number {
    return this.#sealedRecords
  }

  addOpen(batch: ProducerBatch): void {
    this.waiting.push(batch)
    this.open = batch
  }

  /** The open batch, if any, takes no more records. */
  seal(): void {
    if (this.open === null) return
    this.#sealedRecords += this.open.recordCount
    this.lastBatchBytes = this.open.writer.sizeBytes
    this.open = null
  }

  /** Moves the first waiting batch to those on their way, sealed. */
  takeHead(): ProducerBatch | undefined {
    const batch = this.waiting.shift()
    if (batch === undefined) return undefined
    if (batch === this.open) this.seal()
    this.inFlight.push(batch)
    return batch
  }

  /** Puts batches, or the parts of one, back where they belong: before all that was accepted later. */
  putBack(batches: readonly ProducerBatch[]): void {
    const ordinal = batches[0]?.ordinal ?? 0
    const before = this.waiting.findIndex((batch) => batch.ordinal > ordinal)
    this.waiting.splice(before === -1 ? this.waiting.length : before, 0, ...batches)
  }

  /** Takes out a batch that is given up before its turn. */
  removeWaiting(batch: ProducerBatch): void {
    if (batch === this.open) this.seal()
    const at = this.waiting.indexOf(batch)
    if (at !== -1) this.waiting.splice(at, 1)
  }

  removeInFlight(batch: ProducerBatch): void {
    const at = this.inFlight.indexOf(batch)
    if (at !== -1) this.inFlight.splice(at, 1)
  }

  toString(): string {
    return `${this.topic}-${this.partition}`
  }
}
