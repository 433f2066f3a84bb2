import { setImmediate } from 'node:timers/promises'
import { RecordScanner } from '../../../kafka/record/record-scanner.ts'
import type { BatchView } from '../batch-view.ts'
import { BatchWalk } from '../batch-walk.ts'
import { abortedBetween } from '../log-reader.ts'
import { LogSegment } from '../log-segment.ts'
import type { PartitionLog } from '../partition-log.ts'
import { inflatedRecords } from '../stored-records.ts'
import { filterBatch, type BatchFilter } from './batch-filter.ts'
import type { DirtyPart } from './dirty-part.ts'
import { KeyOffsets } from './key-offsets.ts'
import { TransactionCleaning } from './transaction-cleaning.ts'

const WINDOW_BYTES = 256 * 1024
/** After so many bytes others get a turn. */
const TURN_BYTES = 1024 * 1024
const MAX_RELATIVE_OFFSET = 0x7fffffff

/**
 * One cleaning of a compacted log: the last value of each key stays, tombstones and markers stay for `delete.retention.ms`, records of
 * aborted transactions go, and of every producer the batch with its last sequence stays, if only its header. Apache Kafka 4.3, Cleaner.
 */
export class LogCleaning {
  readonly #log: PartitionLog
  readonly #part: DirtyPart
  readonly #now: number
  readonly #keys: KeyOffsets
  #bytesOfTurn = 0

  constructor(log: PartitionLog, part: DirtyPart, now: number, keys = new KeyOffsets()) {
    this.#log = log
    this.#part = part
    this.#now = now
    this.#keys = keys
  }

  /** @returns the offset up to which the log is clean now */
  async run(): Promise<number> {
    await this.#mapKeys()
    const to = Math.min(this.#keys.latestOffset + 1, this.#part.to)
    const transactions = new TransactionCleaning()
    transactions.add(abortedBetween(this.#log.segments, this.#log.segments.first.baseOffset, to))
    for (const group of this.#groups(to)) await this.#cleanGroup(group, transactions)
    return to
  }

  async #mapKeys(): Promise<void> {
    const { from, to } = this.#part
    const keys = this.#keys
    keys.latestOffset = from - 1
    const transactions = new TransactionCleaning()
    transactions.add(abortedBetween(this.#log.segments, from, to))
    for (const segment of this.#part.segments) {
      if (segment.baseOffset < from) continue
      const walk = new BatchWalk(segment.file, 0, segment.sizeBytes, WINDOW_BYTES)
      while (walk.next()) {
        if (walk.batch.lastOffset >= to || !keys.hasRoomFor(walk.batch.recordCount)) return
        walk.bytes()
        this.#mapBatch(walk.batch, transactions)
        keys.latestOffset = walk.batch.lastOffset
        await this.#giveTurn(walk.batch.sizeBytes)
      }
    }
    keys.latestOffset = to - 1
  }

  #mapBatch(batch: BatchView, transactions: TransactionCleaning): void {
    if (batch.isControl) return void transactions.passMarker(batch)
    if (transactions.passRecords(batch)) return
    const { records, from } = inflatedRecords(batch)
    const scanner = new RecordScanner()
    scanner.reset(records, from)
    for (let left = batch.recordCount; left > 0; left--) {
      scanner.next()
      if (scanner.keyLength < 0) continue
      this.#keys.set(records, scanner.keyStart, scanner.keyStart + scanner.keyLength, batch.baseOffset + scanner.offsetDelta)
    }
  }

  /** Neighbours that make one segment together. */
  #groups(to: number): LogSegment[][] {
    const groups: LogSegment[][] = []
    let [bytes, baseOffset] = [0, 0]
    for (const segment of this.#part.segments.filter(({ baseOffset: base }) => base < to)) {
      const group = groups.at(-1)
      const fits =
        bytes + segment.sizeBytes <= this.#log.config['segment.bytes'] && this.#endOf(segment) - baseOffset <= MAX_RELATIVE_OFFSET
      if (group !== undefined && fits) group.push(segment)
      else {
        groups.push([segment])
        baseOffset = segment.baseOffset
        bytes = 0
      }
      bytes += segment.sizeBytes
    }
    return groups
  }

  #endOf(segment: LogSegment): number {
    const { all } = this.#log.segments
    return all[all.indexOf(segment) + 1]?.baseOffset ?? segment.baseOffset
  }

  async #cleanGroup(group: readonly LogSegment[], transactions: TransactionCleaning): Promise<void> {
    const first = group[0]
    if (first === undefined) return
    const cleaned = this.#log.beginCleaned(first)
    transactions.cleanedIndex = cleaned.aborted
    for (const segment of group) {
      const walk = new BatchWalk(segment.file, 0, segment.sizeBytes, WINDOW_BYTES)
      while (walk.next()) {
        const bytes = walk.bytes()
        const kept = filterBatch(walk.batch, bytes, this.#filterFor(walk.batch, transactions))
        const sizeBytes = bytes.length
        if (kept !== null) this.#appendKept(cleaned, kept, walk.batch)
        await this.#giveTurn(sizeBytes)
      }
    }
    await this.#log.replaceCleaned(group, cleaned)
  }

  #appendKept(cleaned: LogSegment, kept: Buffer, batch: BatchView): void {
    const { lastOffset } = batch
    const { maxTimestamp } = batch.at(kept, 0)
    cleaned.append(kept, { lastOffset, maxTimestamp, offsetOfMaxTimestamp: lastOffset }, this.#log.config['index.interval.bytes'])
  }

  #filterFor(batch: BatchView, transactions: TransactionCleaning): BatchFilter {
    const isDiscardable = batch.isControl ? transactions.passMarker(batch) : transactions.passRecords(batch)
    const { deleteHorizon } = batch
    const isPastHorizon = deleteHorizon !== null && deleteHorizon <= this.#now
    const isDiscarded = isDiscardable && (!batch.isControl || isPastHorizon)
    const keepsDeletes = !isPastHorizon
    const { isControl } = batch
    return {
      keeps: (scanner, records, offset) => !isDiscarded && (isControl || this.#keeps(scanner, records, offset, keepsDeletes)),
      keepsEmpty: this.#log.isLastOfProducer(batch),
      isSpentMarker: isDiscardable && isControl,
      deleteHorizon: this.#now + this.#log.config['delete.retention.ms'],
      config: this.#log.config,
    }
  }

  #keeps(scanner: RecordScanner, records: Buffer, offset: number, keepsDeletes: boolean): boolean {
    if (offset > this.#keys.latestOffset) return true
    if (scanner.keyLength < 0) return false
    const isLast = offset >= this.#keys.get(records, scanner.keyStart, scanner.keyStart + scanner.keyLength)
    return isLast && (scanner.valueLength >= 0 || keepsDeletes)
  }

  async #giveTurn(bytes: number): Promise<void> {
    this.#bytesOfTurn += bytes
    if (this.#bytesOfTurn < TURN_BYTES) return
    this.#bytesOfTurn = 0
    await setImmediate()
  }
}
