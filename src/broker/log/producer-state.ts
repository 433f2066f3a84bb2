import type { KnownProducer } from '../partition/record-log.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { BatchView } from './batch-view.ts'
import { NO_EPOCH, ProducerEntry, type RememberedBatch } from './producer-entry.ts'

export type TransactionOutcome = 'commit' | 'abort'

/** A transaction that a marker ended. */
export interface CompletedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the marker. */
  readonly lastOffset: number
  readonly isAborted: boolean
}

/**
 * The producers of one partition and their transactions. A batch is checked first and noted after it was written, so that a failed write
 * changes nothing. Rules of Apache Kafka 4.3, ProducerAppendInfo and ProducerStateManager.
 */
export class ProducerState {
  readonly #partition: string
  readonly #producers = new Map<number, ProducerEntry>()
  /** Open transactions: first offset to producer, in the order of the offsets. */
  readonly #open = new Map<number, number>()
  /** Ended ones whose marker is not safe yet: first offset to marker. */
  readonly #ended = new Map<number, number>()

  /** @param partition its name, for messages */
  constructor(partition: string) {
    this.#partition = partition
  }

  get entries(): IterableIterator<ProducerEntry> {
    return this.#producers.values()
  }

  get size(): number {
    return this.#producers.size
  }

  entry(producerId: number): ProducerEntry | null {
    return this.#producers.get(producerId) ?? null
  }

  /** The first record whose transaction is open; null: there is none. */
  get firstUndecidedOffset(): number | null {
    return firstKey(this.#open)
  }

  /** The same, counting transactions whose end could still be lost. */
  get firstUnstableOffset(): number | null {
    const [undecided, ended] = [firstKey(this.#open), firstKey(this.#ended)]
    if (undecided === null || ended === null) return undecided ?? ended
    return Math.min(undecided, ended)
  }

  /** What DescribeProducers tells of each. */
  known(): KnownProducer[] {
    return [...this.#producers.values()].map((entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.epoch,
      lastSequence: entry.lastSequence,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.transactionStart,
    }))
  }

  /** Whether a transaction of the producer is open, in this epoch. */
  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    const entry = this.entry(producerId)
    return entry !== null && entry.transactionStart >= 0 && entry.epoch === producerEpoch
  }

  /** Whether the batch is the one that says a producer's last sequence, or epoch. */
  isLastOfProducer(batch: BatchView): boolean {
    const entry = batch.producerId < 0 ? null : this.entry(batch.producerId)
    if (entry === null) return false
    return entry.lastOffset >= 0 ? batch.lastOffset === entry.lastOffset : batch.isControl && batch.producerEpoch === entry.epoch
  }

  findDuplicate(batch: BatchView): RememberedBatch | null {
    const entry = this.#producers.get(batch.producerId)
    return entry === undefined ? null : entry.findDuplicate(batch.producerEpoch, batch.baseSequence, batch.lastSequence)
  }

  /** @throws ApiError when the batch must not follow what the producer wrote */
  checkBatch(batch: BatchView, offset: number): void {
    const entry = this.#producers.get(batch.producerId)
    if (entry === undefined) return
    this.#checkEpoch(entry, batch.producerEpoch, offset)
    this.#checkSequence(entry, batch, offset)
    if (entry.transactionStart >= 0 && !batch.isTransactional) {
      const message = `Expected transactional write from producer ${batch.producerId} at offset ${offset} in partition ${this.#partition}`
      throw new ApiError(Errors.INVALID_TXN_STATE, message)
    }
  }

  /** @throws ApiError when the marker comes from an older producer or coordinator */
  checkMarker(producerId: number, epoch: number, coordinatorEpoch: number, offset: number): void {
    const entry = this.#producers.get(producerId)
    if (entry === undefined) return
    this.#checkEpoch(entry, epoch, offset)
    if (coordinatorEpoch >= entry.coordinatorEpoch) return
    const message =
      `Invalid coordinator epoch for producerId ${producerId} at offset ${offset} in partition ${this.#partition}: ` +
      `${coordinatorEpoch} (zombie), ${entry.coordinatorEpoch} (current)`
    throw new ApiError(Errors.TRANSACTION_COORDINATOR_FENCED, message)
  }

  /** Takes in a batch of records that is in the log. */
  noteBatch(batch: BatchView): void {
    const entry = this.#entryOf(batch.producerId)
    const { baseOffset, lastOffset, maxTimestamp } = batch
    const [firstSequence, lastSequence] = [batch.baseSequence, batch.lastSequence]
    entry.addBatch(batch.producerEpoch, { firstSequence, lastSequence, firstOffset: baseOffset, lastOffset, timestamp: maxTimestamp })
    if (!batch.isTransactional || entry.transactionStart >= 0) return
    entry.transactionStart = baseOffset
    this.#open.set(baseOffset, batch.producerId)
  }

  /** Takes in a marker that is in the log. @returns the transaction it ended; null: there was none */
  noteMarker(batch: BatchView, outcome: TransactionOutcome, coordinatorEpoch: number): CompletedTransaction | null {
    const entry = this.#entryOf(batch.producerId)
    const { transactionStart } = entry
    entry.setEpoch(batch.producerEpoch)
    entry.coordinatorEpoch = coordinatorEpoch
    entry.lastTimestamp = batch.maxTimestamp
    if (transactionStart < 0) return null
    entry.transactionStart = -1
    this.#open.delete(transactionStart)
    this.#ended.set(transactionStart, batch.baseOffset)
    const { producerId, baseOffset } = batch
    return { producerId, firstOffset: transactionStart, lastOffset: baseOffset, isAborted: outcome === 'abort' }
  }

  /** What the last stable offset is where only transactions that are open now count. */
  stableOffsetAfter(transaction: CompletedTransaction): number {
    return firstKey(this.#open) ?? transaction.lastOffset + 1
  }

  /** Everything before the offset is safe: transactions that ended there are stable. */
  settle(highWatermark: number): void {
    for (const [firstOffset, marker] of this.#ended) if (marker < highWatermark) this.#ended.delete(firstOffset)
  }

  /** Takes in what a snapshot says. Entries must come before batches and markers. */
  restore(entries: readonly ProducerEntry[]): void {
    for (const entry of entries) this.#producers.set(entry.producerId, entry)
    const open = entries.filter((entry) => entry.transactionStart >= 0).sort((a, b) => a.transactionStart - b.transactionStart)
    for (const entry of open) this.#open.set(entry.transactionStart, entry.producerId)
  }

  /** Forgets producers that wrote nothing for long and have no transaction open. */
  expire(before: number): void {
    for (const entry of this.#producers.values())
      if (entry.transactionStart < 0 && entry.lastTimestamp <= before) this.#producers.delete(entry.producerId)
  }

  #entryOf(producerId: number): ProducerEntry {
    const known = this.#producers.get(producerId)
    if (known !== undefined) return known
    const entry = new ProducerEntry(producerId)
    this.#producers.set(producerId, entry)
    return entry
  }

  #checkEpoch(entry: ProducerEntry, epoch: number, offset: number): void {
    if (epoch >= entry.epoch) return
    const message =
      `Epoch of producer ${entry.producerId} at offset ${offset} in ${this.#partition} is ${epoch}, ` +
      `which is smaller than the last seen epoch ${entry.epoch}`
    throw new ApiError(Errors.INVALID_PRODUCER_EPOCH, message)
  }

  #checkSequence(entry: ProducerEntry, batch: BatchView, offset: number): void {
    const { producerEpoch, baseSequence } = batch
    const place = `producer ${entry.producerId} at offset ${offset} in partition ${this.#partition}`
    if (producerEpoch === entry.epoch) {
      if (entry.isNext(baseSequence)) return
      const message = `Out of order sequence number for ${place}: ${baseSequence} (incoming seq. number), ${entry.lastSequence} (current end sequence number)`
      throw new ApiError(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER, message)
    }
    if (baseSequence === 0 || entry.epoch === NO_EPOCH) return
    const message =
      `Invalid sequence number for new epoch of ${place}: ` +
      `${producerEpoch} (request epoch), ${baseSequence} (seq. number), ${entry.epoch} (current producer epoch)`
    throw new ApiError(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER, message)
  }
}

/** The smallest key of a map that was filled in order. */
function firstKey(map: ReadonlyMap<number, unknown>): number | null {
  for (const key of map.keys()) return key
  return null
}
