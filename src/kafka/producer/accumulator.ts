import type { Delivery, RecordHeader } from '../ports.ts'
import { BatchWriter } from '../record/batch-writer.ts'
import { BufferPool } from '../record/buffer-pool.ts'
import { RECORD_OVERHEAD_BYTES, type BufferMemory } from './buffer-memory.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { FlushWaiter, ProducerBatch } from './producer-batch.ts'
import type { ProducerSettings } from './producer-settings.ts'
import { splitBatch } from './split-batch.ts'
import type { Clock } from '../timer.ts'

const SMALLEST_BUFFER = 16 * 1024

/** Whom the accumulator tells that there is something to do. */
export interface SenderSignal {
  /** A batch wants to go out now. */
  wake(): void
  /** A batch was opened for the partition and will want to go out at `at`. */
  opened(queue: PartitionQueue, at: number): void
}

/**
 * Everything accepted and not settled: for each partition batches in order, the last of which takes records.
 * It decides how records become batches and when a batch is ready; which ready batch goes out is the sender's business.
 */
export class Accumulator {
  /** Partitions with something waiting, those served longest ago first. */
  readonly active = new Set<PartitionQueue>()
  readonly #settings: ProducerSettings
  readonly #memory: BufferMemory
  readonly #clock: Clock
  readonly #sender: SenderSignal
  readonly #pool: BufferPool
  /** By age, until the last record of a batch was told. */
  #unsettled = new Set<ProducerBatch>()
  #isClosing = false

  constructor(settings: ProducerSettings, memory: BufferMemory, clock: Clock, sender: SenderSignal) {
    this.#settings = settings
    this.#memory = memory
    this.#clock = clock
    this.#sender = sender
    this.#pool = new BufferPool(settings.bufferMemory)
  }

  /**
   * Adds a record whose memory was taken.
   * @param sizeBound most bytes the record can take in a batch
   * @returns whether the partition's batch is ready: time for the sticky partitioner to move on
   */
  append(
    queue: PartitionQueue,
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: readonly RecordHeader[],
    sizeBound: number,
    delivery: Delivery,
  ): boolean {
    const batch = this.#batchFor(queue, sizeBound)
    batch.append(timestamp, key, value, headers, delivery)
    batch.chargedBytes += sizeBound + RECORD_OVERHEAD_BYTES
    if (!batch.isReady && batch.writer.sizeBytes + sizeBound > this.#settings.batchBytes) this.#makeReady(batch)
    return batch.isReady
  }

  /** When the first waiting batch of a partition may go out: now or in the past when it is ready. */
  readyAt(head: ProducerBatch): number {
    if (head.attempts > 0) return head.retryAt
    if (head.isReady || this.#isClosing || this.#memory.isShort) return 0
    return head.createdAt + this.#settings.lingerMs
  }

  /** Takes the first waiting batch of a partition for sending; it takes no more records. */
  takeHead(queue: PartitionQueue): ProducerBatch | undefined {
    const batch = queue.takeHead()
    this.active.delete(queue)
    if (queue.head !== undefined) this.active.add(queue)
    return batch
  }

  /** Puts a batch back for another attempt. */
  putBack(batch: ProducerBatch): void {
    batch.queue.putBack([batch])
    this.active.add(batch.queue)
  }

  /** Puts a batch back as two that have half of its records each. */
  split(batch: ProducerBatch): void {
    const parts = splitBatch(batch, this.#pool)
    batch.writer.release()
    for (const part of parts) this.#unsettled.add(part)
    this.#unsettled.delete(batch)
    this.#unsettled = new Set([...this.#unsettled].sort((one, other) => one.createdAt - other.createdAt))
    batch.queue.putBack(parts)
    this.active.add(batch.queue)
  }

  /** Takes out a waiting batch that is given up. */
  remove(batch: ProducerBatch): void {
    batch.queue.removeWaiting(batch)
    if (batch.queue.head === undefined) this.active.delete(batch.queue)
  }

  /** All that is not settled, oldest first. */
  *pending(): Generator<ProducerBatch> {
    for (const batch of this.#unsettled) if (!batch.isSettled) yield batch
  }

  /** The oldest batch that is not settled. */
  oldest(): ProducerBatch | undefined {
    for (const batch of this.#unsettled) if (!batch.isSettled) return batch
    return undefined
  }

  /** Every record of the batch was told: its memory is free, flushes may go on. */
  told(batch: ProducerBatch): void {
    this.#unsettled.delete(batch)
    this.#memory.give(batch.chargedBytes)
    if (batch.waiters !== null) for (const waiter of batch.waiters) waiter.batchSettled()
  }

  /** Makes all that was accepted ready. @returns settled when every record of it was told */
  flush(): Promise<void> {
    for (const queue of this.active) {
      if (queue.open === null) continue
      queue.open.isReady = true
      queue.seal()
    }
    this.#sender.wake()
    return new FlushWaiter(this.#unsettled).settled
  }

  /** From now on nothing lingers. */
  close(): Promise<void> {
    this.#isClosing = true
    return this.flush()
  }

  #batchFor(queue: PartitionQueue, sizeBound: number): ProducerBatch {
    const { open } = queue
    if (open === null) return this.#openBatch(queue)
    const limit = Math.min(this.#settings.maxBatchBytes, queue.topicQueues.maxBatchBytes)
    if (open.writer.sizeBytes + sizeBound <= limit) return open
    queue.seal()
    if (!open.isReady) this.#makeReady(open)
    return this.#openBatch(queue)
  }

  #openBatch(queue: PartitionQueue): ProducerBatch {
    const writer = new BatchWriter(this.#pool, this.#firstBufferBytes(queue))
    const batch = new ProducerBatch(queue, queue.nextOrdinal, writer, this.#clock())
    queue.addOpen(batch)
    this.active.add(queue)
    this.#unsettled.add(batch)
    this.#sender.opened(queue, batch.createdAt + this.#settings.lingerMs)
    return batch
  }

  /** As large as the last batch when such a buffer may be at hand; new memory is only taken as the batch grows. */
  #firstBufferBytes({ lastBatchBytes }: PartitionQueue): number {
    return this.#pool.unusedBytes >= lastBatchBytes ? Math.max(SMALLEST_BUFFER, lastBatchBytes) : SMALLEST_BUFFER
  }

  #makeReady(batch: ProducerBatch): void {
    batch.isReady = true
    this.#sender.wake()
  }
}
