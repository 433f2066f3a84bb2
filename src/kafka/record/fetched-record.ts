import type { ConsumerRecord, RecordHeader, TimestampType } from '../ports.ts'
import { readHeaders } from './header-reader.ts'
import type { RecordScanner } from './record-scanner.ts'

/** What all records of one fetched batch have in common. */
export class FetchedBatch {
  readonly topic: string
  readonly partition: number
  readonly baseOffset: number
  /** For LogAppendTime the time of every record, else what their deltas are added to. */
  readonly timestamp: number
  readonly isLogAppendTime: boolean
  /** The inflated records, or the fetch response. */
  readonly bytes: Buffer

  constructor(topic: string, partition: number, baseOffset: number, timestamp: number, isLogAppendTime: boolean, bytes: Buffer) {
    this.topic = topic
    this.partition = partition
    this.baseOffset = baseOffset
    this.timestamp = timestamp
    this.isLogAppendTime = isLogAppendTime
    this.bytes = bytes
  }
}

const NO_HEADERS: readonly RecordHeader[] = Object.freeze([])

/** A consumed record that knows where its parts are; key, value and headers come into being when they are first read. */
export class FetchedRecord implements ConsumerRecord {
  readonly #batch: FetchedBatch
  readonly #offsetDelta: number
  readonly #timestampDelta: number
  readonly #keyStart: number
  readonly #keyLength: number
  readonly #valueStart: number
  readonly #valueLength: number
  readonly #headersStart: number
  readonly #headerCount: number
  #keyView: Buffer | null = null
  #valueView: Buffer | null = null
  #headerViews: readonly RecordHeader[] | null = null

  /** Takes the record that the scanner is at. */
  constructor(batch: FetchedBatch, scanner: RecordScanner) {
    this.#batch = batch
    this.#offsetDelta = scanner.offsetDelta
    this.#timestampDelta = scanner.timestampDelta
    this.#keyStart = scanner.keyStart
    this.#keyLength = scanner.keyLength
    this.#valueStart = scanner.valueStart
    this.#valueLength = scanner.valueLength
    this.#headersStart = scanner.headersStart
    this.#headerCount = scanner.headerCount
  }

  get topic(): string {
    return this.#batch.topic
  }

  get partition(): number {
    return this.#batch.partition
  }

  get offset(): number {
    return this.#batch.baseOffset + this.#offsetDelta
  }

  get timestamp(): number {
    const batch = this.#batch
    return batch.isLogAppendTime ? batch.timestamp : batch.timestamp + this.#timestampDelta
  }

  get timestampType(): TimestampType {
    return this.#batch.isLogAppendTime ? 'LogAppendTime' : 'CreateTime'
  }

  get key(): Buffer | null {
    if (this.#keyLength < 0) return null
    return (this.#keyView ??= view(this.#batch.bytes, this.#keyStart, this.#keyLength))
  }

  get value(): Buffer | null {
    if (this.#valueLength < 0) return null
    return (this.#valueView ??= view(this.#batch.bytes, this.#valueStart, this.#valueLength))
  }

  get headers(): readonly RecordHeader[] {
    if (this.#headerCount === 0) return NO_HEADERS
    return (this.#headerViews ??= readHeaders(this.#batch.bytes, this.#headersStart, this.#headerCount))
  }
}

function view(bytes: Buffer, start: number, length: number): Buffer {
  return bytes.subarray(start, start + length)
}
