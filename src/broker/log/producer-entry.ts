import { sequenceAfter } from './batch-view.ts'

/** How many batches of a producer are remembered: as many as a client may have under way. */
const REMEMBERED_BATCHES = 5
const LAST_SEQUENCE = 0x7fffffff

export const NO_EPOCH = -1
export const NO_SEQUENCE = -1

/** What is remembered of an appended batch, to know it again. */
export interface RememberedBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly timestamp: number
}

/** What a partition knows of one producer. */
export class ProducerEntry {
  readonly producerId: number
  epoch = NO_EPOCH
  /** Of the last marker; -1: none so far. */
  coordinatorEpoch = -1
  lastTimestamp = -1
  /** First record of the transaction that is open here; -1: none is. */
  transactionStart = -1
  /** Oldest first. */
  readonly #batches: RememberedBatch[] = []

  constructor(producerId: number) {
    this.producerId = producerId
  }

  get lastSequence(): number {
    return this.#batches.at(-1)?.lastSequence ?? NO_SEQUENCE
  }

  /** Offset of the producer's last record; -1: only markers are known. */
  get lastOffset(): number {
    return this.#batches.at(-1)?.lastOffset ?? -1
  }

  get lastBatch(): RememberedBatch | null {
    return this.#batches.at(-1) ?? null
  }

  /** The batch that was appended with these numbers before; null: it is new. */
  findDuplicate(epoch: number, firstSequence: number, lastSequence: number): RememberedBatch | null {
    if (epoch !== this.epoch) return null
    const isSame = (batch: RememberedBatch) => batch.firstSequence === firstSequence && batch.lastSequence === lastSequence
    return this.#batches.find(isSame) ?? null
  }

  /** Whether a batch of the same epoch may follow. A producer without batches may start anywhere: its earlier ones were deleted. */
  isNext(firstSequence: number): boolean {
    if (this.epoch === NO_EPOCH) return true
    const { lastSequence } = this
    return firstSequence === lastSequence + 1 || (firstSequence === 0 && lastSequence === LAST_SEQUENCE)
  }

  addBatch(epoch: number, batch: RememberedBatch): void {
    this.setEpoch(epoch)
    this.#batches.push(batch)
    if (this.#batches.length > REMEMBERED_BATCHES) this.#batches.shift()
    this.lastTimestamp = batch.timestamp
  }

  /** Sequences start again with an epoch. */
  setEpoch(epoch: number): void {
    if (epoch === this.epoch) return
    this.#batches.length = 0
    this.epoch = epoch
  }
}

/** A batch as snapshots have it: they do not say the first sequence. */
export function rememberedBatch(lastSequence: number, lastOffset: number, offsetDelta: number, timestamp: number): RememberedBatch {
  const firstSequence = lastSequence < 0 ? lastSequence : sequenceBefore(lastSequence, offsetDelta)
  return { firstSequence, lastSequence, firstOffset: lastOffset - offsetDelta, lastOffset, timestamp }
}

function sequenceBefore(sequence: number, count: number): number {
  return sequence >= count ? sequence - count : sequenceAfter(LAST_SEQUENCE, sequence - count + 1)
}
