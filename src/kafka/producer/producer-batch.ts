import type { KafkaError } from '../errors.ts'
import type { Delivery, RecordHeader } from '../ports.ts'
import { NO_PRODUCER, type BatchWriter, type ProducerStamp } from '../record/batch-writer.ts'
import type { Compression } from '../record/compression.ts'
import type { PartitionQueue } from './partition-queue.ts'

/**
 * Records of one partition that are sent, retried and settled together.
 *
 * Open: records are appended. Encoded: the first `bytes` fixed them; a retry sends the same ones, at most under another stamp.
 * Settled: the outcome is known, and the deliveries are told or about to be; what a broker still answers is ignored.
 */
export class ProducerBatch {
  readonly queue: PartitionQueue
  /** How many records of the partition were accepted before its first one. */
  readonly ordinal: number
  readonly writer: BatchWriter
  /** When its first record was accepted, on the monotonic clock. */
  readonly createdAt: number
  readonly deliveries: Delivery[] = []
  readonly timestamps: number[] = []
  /** What its records take of `buffer.memory`. */
  chargedBytes = 0
  /** Reached `batch.size`, or is wanted at once: no lingering. */
  isReady = false
  isSettled = false
  /** How often it was sent. */
  attempts = 0
  /** Not to be sent again before. */
  retryAt = 0
  /** Why the last attempt failed. */
  lastError: KafkaError | null = null
  stamp: ProducerStamp = NO_PRODUCER
  /** Counts the partition's batches in the order of their sequences. */
  sequenceNumber = 0
  /** Size of the batch before it was compressed; 0 until it is encoded. */
  uncompressedBytes = 0
  /** Flushes that wait for it; null: none, as for most. */
  waiters: FlushWaiter[] | null = null

  constructor(queue: PartitionQueue, ordinal: number, writer: BatchWriter, createdAt: number) {
    this.queue = queue
    this.ordinal = ordinal
    this.writer = writer
    this.createdAt = createdAt
  }

  get recordCount(): number {
    return this.deliveries.length
  }

  /** The idempotent producer gave it its place: a repeated one is known to the broker. */
  get hasSequence(): boolean {
    return this.stamp.baseSequence >= 0
  }

  append(timestamp: number, key: Buffer | null, value: Buffer | null, headers: readonly RecordHeader[], delivery: Delivery): void {
    this.writer.append(timestamp, key, value, headers)
    this.timestamps.push(timestamp)
    this.deliveries.push(delivery)
  }

  setStamp(stamp: ProducerStamp): void {
    this.stamp = stamp
    if (this.writer.isClosed) this.writer.restamp(stamp)
  }

  /** What is sent. The first call ends and compresses the batch. */
  bytes(compression: Compression, isTransactional: boolean): Buffer {
    if (this.writer.isClosed) return this.writer.bytes()
    this.uncompressedBytes = this.writer.sizeBytes
    return this.writer.close({ compression, producer: this.stamp, isTransactional })
  }
}

/** A flush that waits until the batches it saw are settled. */
export class FlushWaiter {
  readonly settled: Promise<void>
  #left: number
  #resolve: () => void = () => undefined

  constructor(batches: Iterable<ProducerBatch>) {
    this.#left = 0
    for (const batch of batches) {
      ;(batch.waiters ??= []).push(this)
      this.#left++
    }
    this.settled = this.#left === 0 ? Promise.resolve() : new Promise((resolve) => (this.#resolve = resolve))
  }

  /** A batch became `more` more. */
  batchesAdded(more: number): void {
    this.#left += more
  }

  batchSettled(): void {
    this.#left--
    if (this.#left === 0) this.#resolve()
  }
}
