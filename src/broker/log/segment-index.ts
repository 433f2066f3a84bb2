import { writeInt64 } from '../../kafka/record/batch-format.ts'
import { int64 } from './batch-view.ts'
import { IndexFile } from './index-file.ts'
import type { LogFile } from './storage/log-storage.ts'

const OFFSET_ENTRY_BYTES = 8
const TIME_ENTRY_BYTES = 12
const TIME_OFFSET = 8

/** Where batches lie in a segment: for some, the last offset (less the segment's base) and the position. Kafka's `.index` file. */
export class OffsetIndex {
  readonly #entries: IndexFile
  readonly #baseOffset: number

  constructor(file: LogFile, baseOffset: number) {
    this.#entries = new IndexFile(file, OFFSET_ENTRY_BYTES)
    this.#baseOffset = baseOffset
  }

  get sizeBytes(): number {
    return this.#entries.sizeBytes
  }

  add(lastOffset: number, position: number): void {
    const entry = this.#entries.add()
    entry.writeInt32BE(lastOffset - this.#baseOffset, 0)
    entry.writeInt32BE(position, 4)
  }

  /** A position at or before the batch that has the offset, not far away. */
  positionBefore(offset: number): number {
    const relative = offset - this.#baseOffset
    const count = this.#entries.countWhile((entry) => entry.readInt32BE(0) <= relative)
    return count === 0 ? 0 : this.#entries.entry(count - 1).readInt32BE(4)
  }

  /** An offset behind all batches that begin before the position, not far away; null: none is known. */
  offsetBehind(position: number): number | null {
    const index = this.#entries.countWhile((entry) => entry.readInt32BE(4) < position)
    return index === this.#entries.count ? null : this.#baseOffset + this.#entries.entry(index).readInt32BE(0)
  }

  /** The last entry; null when there is none. */
  last(): { readonly lastOffset: number; readonly position: number } | null {
    const { count } = this.#entries
    if (count === 0) return null
    const entry = this.#entries.entry(count - 1)
    return { lastOffset: this.#baseOffset + entry.readInt32BE(0), position: entry.readInt32BE(4) }
  }

  /** Drops entries about batches from this position on. */
  truncateAt(position: number): void {
    this.#entries.truncate(this.#entries.countWhile((entry) => entry.readInt32BE(4) < position))
  }

  flush(): void {
    this.#entries.flush()
  }

  sync(): Promise<void> {
    return this.#entries.sync()
  }

  close(): void {
    this.#entries.close()
  }
}

/** When batches came: the largest timestamp so far and the offset that has it. Kafka's `.timeindex` file. */
export class TimeIndex {
  readonly #entries: IndexFile
  readonly #baseOffset: number
  #lastTimestamp: number | null = null

  constructor(file: LogFile, baseOffset: number) {
    this.#entries = new IndexFile(file, TIME_ENTRY_BYTES)
    this.#baseOffset = baseOffset
  }

  get sizeBytes(): number {
    return this.#entries.sizeBytes
  }

  /** Adds an entry unless the last one says the same or more. */
  add(timestamp: number, offset: number): void {
    const last = (this.#lastTimestamp ??= this.last()?.timestamp ?? -1)
    if (timestamp <= last) return
    const entry = this.#entries.add()
    writeInt64(entry, 0, timestamp)
    entry.writeInt32BE(offset - this.#baseOffset, TIME_OFFSET)
    this.#lastTimestamp = timestamp
  }

  /** All offsets before this one have smaller timestamps. */
  offsetBefore(timestamp: number): number {
    const count = this.#entries.countWhile((entry) => int64(entry, 0) < timestamp)
    return count === 0 ? this.#baseOffset : this.#baseOffset + this.#entries.entry(count - 1).readInt32BE(TIME_OFFSET)
  }

  last(): { readonly timestamp: number; readonly offset: number } | null {
    const { count } = this.#entries
    if (count === 0) return null
    const entry = this.#entries.entry(count - 1)
    return { timestamp: int64(entry, 0), offset: this.#baseOffset + entry.readInt32BE(TIME_OFFSET) }
  }

  /** Drops entries about this offset and later ones. */
  truncateAt(offset: number): void {
    const relative = offset - this.#baseOffset
    this.#entries.truncate(this.#entries.countWhile((entry) => entry.readInt32BE(TIME_OFFSET) < relative))
    this.#lastTimestamp = null
  }

  flush(): void {
    this.#entries.flush()
  }

  sync(): Promise<void> {
    return this.#entries.sync()
  }

  close(): void {
    this.#entries.close()
  }
}
