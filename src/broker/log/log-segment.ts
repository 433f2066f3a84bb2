import type { BatchView } from './batch-view.ts'
import { BatchWalk } from './batch-walk.ts'
import { logFile, offsetIndexFile, segmentFiles, timeIndexFile, transactionIndexFile } from './segment-files.ts'
import { OffsetIndex, TimeIndex } from './segment-index.ts'
import type { LogFile, LogFolder } from './storage/log-storage.ts'
import { TransactionIndex } from './transaction-index.ts'

/** Offsets in index files are 32 bits wide. */
const MAX_RELATIVE_OFFSET = 0x7fffffff
/** A place in the log between two index entries is looked up with one read of this size. */
const LOOK_UP_BYTES = 8 * 1024
/** For look-ups that keep nothing. */
const LOOK_UP_WINDOW = Buffer.allocUnsafeSlow(LOOK_UP_BYTES)

export interface BatchPlace {
  readonly position: number
  readonly sizeBytes: number
}

/** What an append tells a segment about the batch. */
export interface SegmentEntry {
  readonly lastOffset: number
  readonly maxTimestamp: number
  readonly offsetOfMaxTimestamp: number
}

/** A stretch of a partition's log: a file of batches one behind the other, and indexes on it. */
export class LogSegment {
  readonly baseOffset: number
  readonly file: LogFile
  readonly offsets: OffsetIndex
  readonly times: TimeIndex
  readonly aborted: TransactionIndex
  readonly createdMs: number
  /** -1: no record, or none with a timestamp. */
  maxTimestamp = -1
  offsetOfMaxTimestamp = -1
  readonly #folder: LogFolder
  #firstTimestamp: number | null = null
  #bytesSinceEntry = 0

  /** @param suffix behind the files' names, while the segment is none of the log's */
  constructor(folder: LogFolder, baseOffset: number, createdMs: number, suffix = '') {
    this.#folder = folder
    this.baseOffset = baseOffset
    this.createdMs = createdMs
    this.file = folder.open(logFile(baseOffset) + suffix)
    this.offsets = new OffsetIndex(folder.open(offsetIndexFile(baseOffset) + suffix), baseOffset)
    this.times = new TimeIndex(folder.open(timeIndexFile(baseOffset) + suffix), baseOffset)
    this.aborted = new TransactionIndex(folder.open(transactionIndexFile(baseOffset) + suffix))
  }

  get sizeBytes(): number {
    return this.file.sizeBytes
  }

  /** Of the larger index. */
  get indexBytes(): number {
    return Math.max(this.offsets.sizeBytes, this.times.sizeBytes)
  }

  /** Timestamp of the first batch; -1: none. */
  get firstTimestamp(): number {
    return (this.#firstTimestamp ??= this.#readFirstTimestamp())
  }

  /** Whether a batch up to this offset can be said in the indexes. */
  fits(lastOffset: number): boolean {
    return lastOffset - this.baseOffset <= MAX_RELATIVE_OFFSET
  }

  append(batch: Buffer, entry: SegmentEntry, indexIntervalBytes: number): void {
    const position = this.file.sizeBytes
    this.file.append(batch)
    if (position === 0) this.#firstTimestamp = null
    this.note(position, batch.length, entry, indexIntervalBytes)
  }

  /** Remembers a batch that is in the file, in the indexes when it is far enough from the last one that is. */
  note(position: number, sizeBytes: number, entry: SegmentEntry, indexIntervalBytes: number): void {
    if (entry.maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = entry.maxTimestamp
      this.offsetOfMaxTimestamp = entry.offsetOfMaxTimestamp
    }
    if (this.#bytesSinceEntry > indexIntervalBytes) {
      this.offsets.add(entry.lastOffset, position)
      this.#noteMaxTimestamp()
      this.#bytesSinceEntry = 0
    }
    this.#bytesSinceEntry += sizeBytes
  }

  /** The first batch that ends at this offset or behind it; null: there is none in this segment. */
  placeOf(offset: number): BatchPlace | null {
    const walk = this.walkFrom(offset, LOOK_UP_WINDOW)
    return walk === null ? null : { position: walk.position, sizeBytes: walk.batch.sizeBytes }
  }

  /** Walks from the first batch that ends at this offset or behind it, which is the current one already. */
  walkFrom(offset: number, window: number | Buffer = LOOK_UP_BYTES): BatchWalk | null {
    const walk = new BatchWalk(this.file, this.offsets.positionBefore(offset), this.file.sizeBytes, window)
    while (walk.next()) if (walk.batch.lastOffset >= offset) return walk
    return null
  }

  /** Where to go on reading the index after a start: the largest timestamp is the time index's last. */
  loadTimes(): void {
    const last = this.times.last()
    if (last === null) return
    this.maxTimestamp = last.timestamp
    this.offsetOfMaxTimestamp = last.offset
  }

  /** Drops everything from this batch on. */
  truncate(position: number, offset: number): void {
    this.file.truncate(position)
    this.truncateIndexes(position, offset)
  }

  truncateIndexes(position: number, offset: number): void {
    this.offsets.truncateAt(position)
    this.times.truncateAt(offset)
    this.aborted.truncateAt(offset)
    this.#bytesSinceEntry = 0
    this.maxTimestamp = -1
    this.offsetOfMaxTimestamp = -1
    this.loadTimes()
  }

  /** Writes what the indexes have in memory; what they know of a closed segment is complete then. */
  flushIndexes(): void {
    this.#noteMaxTimestamp()
    this.offsets.flush()
    this.times.flush()
  }

  async syncIndexes(): Promise<void> {
    await this.offsets.sync()
    await this.times.sync()
    await this.aborted.sync()
  }

  close(): void {
    this.file.close()
    this.offsets.close()
    this.times.close()
    this.aborted.close()
  }

  /** Takes the files away from the folder without waiting for the disk. */
  delete(): void {
    this.close()
    for (const name of segmentFiles(this.baseOffset)) {
      this.#folder.rename(name, `${name}.deleted`)
      this.#folder.removeLater(`${name}.deleted`)
    }
  }

  #noteMaxTimestamp(): void {
    if (this.maxTimestamp >= 0) this.times.add(this.maxTimestamp, this.offsetOfMaxTimestamp)
  }

  #readFirstTimestamp(): number {
    const walk = new BatchWalk(this.file)
    return walk.next() ? firstTimestampOf(walk.batch) : -1
  }
}

/** A cleaned batch has its delete horizon where others have the first record's time. */
function firstTimestampOf(batch: BatchView): number {
  return batch.deleteHorizon === null ? batch.baseTimestamp : batch.maxTimestamp
}
