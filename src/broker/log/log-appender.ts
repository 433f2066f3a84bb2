import type { AppendedRecords } from '../partition/record-log.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import { BatchCheck } from './batch-check.ts'
import { BatchView } from './batch-view.ts'
import { controlBatch } from './control-batch.ts'
import type { LocalLog } from './local-log.ts'
import type { LogConfig } from './log-config.ts'
import type { RememberedBatch } from './producer-entry.ts'
import type { CompletedTransaction, ProducerState, TransactionOutcome } from './producer-state.ts'

export interface AppendResult extends AppendedRecords {
  /** The producer sent the batch before; nothing was appended. */
  readonly isDuplicate: boolean
}

/** Brings batches into a log: each is checked, by itself and against what its producer sent before, then written, then remembered. */
export class LogAppender {
  readonly #local: LocalLog
  readonly #producers: ProducerState
  readonly #check: BatchCheck
  readonly #now: () => number

  constructor(local: LocalLog, producers: ProducerState, now: () => number) {
    this.#local = local
    this.#producers = producers
    this.#check = new BatchCheck(local.name, local.config)
    this.#now = now
  }

  updateConfig(config: LogConfig): void {
    this.#check.updateConfig(config)
  }

  /**
   * @param records one batch of a client; belongs to the log from now on
   * @throws ApiError those of `PartitionLog.append`; nothing was appended then
   */
  append(records: Buffer): AppendResult {
    const now = this.#now()
    const bytes = this.#check.check(records, now)
    const { batch, maxTimestamp } = this.#check
    this.#checkFitsSegment(bytes)
    const isIdempotent = batch.producerId >= 0
    if (isIdempotent) {
      const duplicate = this.#producers.findDuplicate(batch)
      if (duplicate !== null) return this.#duplicateResult(duplicate)
      this.#producers.checkBatch(batch, this.#local.endOffset)
    }
    const baseOffset = this.#local.append(bytes, batch, maxTimestamp, this.#check.deltaOfMaxTimestamp)
    if (isIdempotent) this.#producers.noteBatch(batch)
    const logAppendTime = batch.isLogAppendTime ? now : -1
    const { startOffset, endOffset } = this.#local
    return { baseOffset, lastOffset: endOffset - 1, logAppendTime, logStartOffset: startOffset, isDuplicate: false }
  }

  /**
   * @returns the marker's offset
   * @throws ApiError INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED, KAFKA_STORAGE_ERROR
   */
  appendMarker(producerId: number, producerEpoch: number, outcome: TransactionOutcome, coordinatorEpoch: number): number {
    this.#producers.checkMarker(producerId, producerEpoch, coordinatorEpoch, this.#local.endOffset)
    const now = this.#now()
    const bytes = controlBatch(producerId, producerEpoch, { outcome, coordinatorEpoch }, now)
    const batch = new BatchView().at(bytes, 0)
    const offset = this.#local.append(bytes, batch, now, 0)
    const completed = this.#producers.noteMarker(batch, outcome, coordinatorEpoch)
    if (completed?.isAborted === true) this.#noteAborted(completed)
    return offset
  }

  /** Readers of committed records must leave out the transaction's. */
  #noteAborted(transaction: CompletedTransaction): void {
    const { producerId, firstOffset, lastOffset } = transaction
    const lastStableOffset = this.#producers.stableOffsetAfter(transaction)
    this.#local.segments.active.aborted.add({ producerId, firstOffset, lastOffset, lastStableOffset })
  }

  #checkFitsSegment(bytes: Buffer): void {
    const limit = this.#local.config['segment.bytes']
    if (bytes.length <= limit) return
    const message = `The record batch size in the append to ${this.#local.name} is ${bytes.length} bytes which exceeds the maximum configured segment size of ${limit}.`
    throw new ApiError(Errors.RECORD_LIST_TOO_LARGE, message)
  }

  #duplicateResult({ firstOffset, lastOffset, timestamp }: RememberedBatch): AppendResult {
    const { startOffset } = this.#local
    return { baseOffset: firstOffset, lastOffset, logAppendTime: timestamp, logStartOffset: startOffset, isDuplicate: true }
  }
}
