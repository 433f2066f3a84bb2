import type { Isolation, ReadRecords } from '../partition/record-log.ts'
import type { HighWatermark } from './high-watermark.ts'
import type { LocalLog } from './local-log.ts'
import type { LogSegment } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'
import { lendBuffer } from './read-buffers.ts'
import type { AbortedTransaction } from './transaction-index.ts'

/** Reads of more than this go through a thread where their bytes may have to come from the disk. */
const MAX_SYNC_BYTES = 64 * 1024

const NO_RECORDS = Buffer.alloc(0)

export interface ReadOptions {
  readonly isolation: Isolation
  /** Give the first batch whole, however large. */
  readonly minOneBatch: boolean
}

interface ReadRange {
  readonly segment: LogSegment
  readonly position: number
  /** Bytes that may be read: up to the limit, or one whole batch. */
  readonly sizeBytes: number
}

/** Gives a log's batches to those who may see them, with what their isolation needs to know. */
export class LogReader {
  readonly #local: LocalLog
  readonly #watermark: HighWatermark

  constructor(local: LocalLog, watermark: HighWatermark) {
    this.#local = local
    this.#watermark = watermark
  }

  /** @throws ApiError OFFSET_OUT_OF_RANGE, and errors of the disk */
  read(offset: number, maxBytes: number, options: ReadOptions): ReadRecords | Promise<ReadRecords> {
    const { segments, startOffset, endOffset } = this.#local
    if (offset < startOffset || offset > endOffset) throw this.#local.outOfRange(offset)
    const isCommitted = options.isolation === 'read_committed'
    const bound = isCommitted ? this.#watermark.lastStableOffset : this.#watermark.offset
    const range = offset >= bound ? null : findRange(segments, offset, bound, maxBytes, options.minOneBatch)
    const aborted = isCommitted ? abortedBetween(segments, offset, Math.min(bound, range === null ? offset : endOf(segments, range))) : null
    const records = range === null ? NO_RECORDS : readRange(range)
    return records instanceof Promise ? records.then((bytes) => this.#result(bytes, aborted)) : this.#result(records, aborted)
  }

  #result(records: Buffer, abortedTransactions: ReadRecords['abortedTransactions']): ReadRecords {
    const { offset: highWatermark, lastStableOffset } = this.#watermark
    return { records, highWatermark, lastStableOffset, logStartOffset: this.#local.startOffset, abortedTransactions }
  }
}

/**
 * Where the bytes of a read lie: from the batch that has the offset, in one segment, up to a batch that ends at `bound` or behind it.
 * @returns null when there is nothing, or when the first batch is larger than `maxBytes` and need not be given
 */
function findRange(segments: LogSegments, offset: number, bound: number, maxBytes: number, minOneBatch: boolean): ReadRange | null {
  for (let index = segments.indexOf(offset); ; index++) {
    const segment = segments.at(index)
    if (segment === null || segment.baseOffset >= bound) return null
    const place = segment.placeOf(offset)
    if (place === null) continue
    const end = endOfRange(segments, index, bound)
    if (place.position >= end || (place.sizeBytes > maxBytes && !minOneBatch)) return null
    const sizeBytes = Math.min(Math.max(maxBytes, place.sizeBytes), end - place.position)
    return { segment, position: place.position, sizeBytes }
  }
}

/** @returns the bytes, in memory that `returnBuffer` takes back */
function readRange({ segment, position, sizeBytes }: ReadRange): Buffer | Promise<Buffer> {
  const bytes = lendBuffer(sizeBytes)
  if (sizeBytes > MAX_SYNC_BYTES && !segment.file.isWarm(position))
    return segment.file.readAsync(bytes, position).then((count) => firstOf(bytes, count))
  return firstOf(bytes, segment.file.read(bytes, position))
}

function firstOf(bytes: Buffer, count: number): Buffer {
  return count === bytes.length ? bytes : bytes.subarray(0, count)
}

/** An offset behind what is read, so that not every aborted transaction up to the log's end is told with every read. */
function endOf(segments: LogSegments, { segment, position, sizeBytes }: ReadRange): number {
  return segment.offsets.offsetBehind(position + sizeBytes) ?? segments.at(segments.indexOf(segment.baseOffset) + 1)?.baseOffset ?? Infinity
}

/** Aborted transactions of which there are records between the offsets. Kafka: LocalLog#collectAbortedTransactions. */
export function abortedBetween(segments: LogSegments, offset: number, bound: number): AbortedTransaction[] {
  const found: AbortedTransaction[] = []
  for (const segment of segments.all.slice(segments.indexOf(offset))) {
    for (const transaction of segment.aborted.transactions) {
      if (transaction.lastOffset >= offset && transaction.firstOffset < bound) found.push(transaction)
      if (transaction.lastStableOffset >= bound) return found
    }
  }
  return found
}

/** Position of the first batch that ends at the bound or behind it. */
function endOfRange(segments: LogSegments, index: number, bound: number): number {
  const [segment, next] = [segments.at(index), segments.at(index + 1)]
  if (segment === null) return 0
  if (next !== null && next.baseOffset <= bound) return segment.sizeBytes
  return segment.placeOf(bound)?.position ?? segment.sizeBytes
}
