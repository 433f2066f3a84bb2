import { corruptRecord, kafkaError, type KafkaError } from '../errors.ts'
import type { IsolationLevel } from '../ports.ts'
import { AbortedTransactions, type AbortedTransaction } from './aborted-transactions.ts'
import { RECORDS } from './batch-format.ts'
import { BatchHeader } from './batch-header.ts'
import { decompress } from './compression.ts'
import { COMPRESSION_TYPES } from './compression-type.ts'
import { crc32c } from './crc32c.ts'
import { FetchedBatch, FetchedRecord } from './fetched-record.ts'
import { RecordScanner } from './record-scanner.ts'

export interface PartitionCursorOptions {
  readonly topic: string
  readonly partition: number
  /** The position that was fetched from: earlier records of the first batch are skipped. */
  readonly fetchOffset: number
  /** Default: true. */
  readonly checkCrcs?: boolean
  /** Default: read_uncommitted. */
  readonly isolation?: IsolationLevel
  /** As the response lists them; null as none. */
  readonly abortedTransactions?: readonly AbortedTransaction[] | null
  /** Told of each batch that is read or passed over, when that happens; default: nobody. */
  readonly epochs?: { entered(leaderEpoch: number, baseOffset: number): void }
}

/** Up to and with its magic byte, a batch looks the same in all versions. */
const VERSION_PREFIX = 17

/**
 * Reads one partition's part of a fetch response bit by bit: as many records as a poll wants, one batch inflated at a time.
 *
 * Between two calls it stands before a batch not looked at, before one with records for us (`upcoming`: checked, not inflated),
 * inside one with `left` records to read, or at the end (`isDrained`). An error leaves it where it was, so that it comes again.
 */
export class PartitionCursor {
  readonly #options: PartitionCursorOptions
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #start: number
  readonly #end: number
  readonly #aborted: AbortedTransactions | null
  readonly #scanner = new RecordScanner()
  /** Where the next batch starts. */
  #position: number
  #next: number
  #upcoming: BatchHeader | null = null
  #batch: FetchedBatch | null = null
  #left = 0
  /** Next position after the open batch. */
  #batchNext = 0
  #drained: boolean

  /** @param bytes a response; the partition's batches are from `start` to `end` */
  constructor(bytes: Buffer, start: number, end: number, options: PartitionCursorOptions) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#start = start
    this.#end = end
    this.#options = options
    this.#position = start
    this.#next = options.fetchOffset
    this.#drained = start === end
    this.#aborted = options.isolation === 'read_committed' ? new AbortedTransactions(options.abortedTransactions ?? []) : null
  }

  /**
   * Where reading goes on: behind the last record taken, and behind all batches without records for us (empty after compaction,
   * control, aborted) that follow it.
   */
  get nextOffset(): number {
    return this.#next
  }

  /** Nothing is left but perhaps a batch that the response's limit cut off. Known after the `take` that reaches the end. */
  get isDrained(): boolean {
    return this.#drained
  }

  /**
   * The next records, at most `max`; fewer only at the end of the response, or before a batch that cannot be read.
   * @throws KafkaError when the next batch or record is damaged or of an old format, at this and every later call
   */
  take(max: number): FetchedRecord[] {
    const records: FetchedRecord[] = []
    try {
      while (records.length < max && this.#openNext()) this.#readRecords(records, max)
      this.#skipToRecords()
    } catch (error) {
      // what was read before the damage is good; the next call meets the damage again
      if (records.length === 0) throw error
    }
    return records
  }

  /** @returns false at the end of the response */
  #openNext(): boolean {
    if (this.#left > 0) return true
    const header = this.#skipToRecords()
    if (header === null) return false
    this.#openBatch(header)
    return true
  }

  /** Moves past batches that have no records for us. @returns the next batch that has some; null inside a batch and at the end */
  #skipToRecords(): BatchHeader | null {
    while (this.#left === 0 && this.#upcoming === null && !this.#drained) {
      const header = this.#nextHeader()
      if (header === null) this.#drained = true
      else if (this.#hasRecordsForUs(header)) this.#upcoming = header
      else this.#skip(header)
    }
    return this.#upcoming
  }

  #skip(header: BatchHeader): void {
    if (header.lastOffset >= this.#next) this.#options.epochs?.entered(header.leaderEpoch, header.baseOffset)
    this.#position = header.end
    this.#next = Math.max(this.#next, header.lastOffset + 1)
  }

  #hasRecordsForUs(header: BatchHeader): boolean {
    const isAborted = this.#aborted !== null && this.#isAborted(this.#aborted, header)
    return !isAborted && !header.isControl && header.recordCount > 0 && header.lastOffset >= this.#next
  }

  #isAborted(transactions: AbortedTransactions, header: BatchHeader): boolean {
    try {
      return transactions.isAborted(header, this.#bytes)
    } catch (error) {
      throw this.#invalidBatch(header, 'its transaction marker cannot be read', error)
    }
  }

  /** Checks the next batch. @returns its header; null when there is no whole batch any more */
  #nextHeader(): BatchHeader | null {
    const [view, position, end] = [this.#view, this.#position, this.#end]
    if (end - position < VERSION_PREFIX) return this.#noBatchLeft()
    const header = new BatchHeader(view, position)
    if (header.magic !== 2) throw this.#unsupportedFormat(header)
    if (header.end - position < RECORDS)
      throw this.#invalidBatch(header, `its length of ${header.end - position} bytes is less than a header's`)
    if (header.end > end) return this.#noBatchLeft()
    if (this.#options.checkCrcs !== false) this.#checkCrc(header)
    if (header.lastOffset < header.baseOffset || header.recordCount < 0)
      throw this.#invalidBatch(header, 'its last offset or record count is negative')
    return header
  }

  #noBatchLeft(): null {
    if (this.#position === this.#start) throw this.#noWholeBatch()
    return null
  }

  #checkCrc(header: BatchHeader): void {
    const computed = crc32c(this.#bytes.subarray(header.checkedFrom, header.end))
    if (computed === header.crc) return
    throw this.#invalidBatch(header, `Record is corrupt (stored crc = ${header.crc}, computed crc = ${computed})`)
  }

  #openBatch(header: BatchHeader): void {
    const { topic, partition } = this.#options
    const isCompressed = header.codec !== 0
    const bytes = isCompressed ? this.#inflate(header) : this.#bytes
    this.#options.epochs?.entered(header.leaderEpoch, header.baseOffset)
    this.#batch = new FetchedBatch(topic, partition, header.baseOffset, header.timestamp, header.isLogAppendTime, bytes)
    if (isCompressed) this.#scanner.reset(bytes, 0)
    else this.#scanner.reset(bytes, header.recordsStart, header.end)
    this.#upcoming = null
    this.#left = header.recordCount
    this.#batchNext = header.lastOffset + 1
    this.#position = header.end
  }

  #inflate(header: BatchHeader): Buffer {
    const type = COMPRESSION_TYPES[header.codec]
    if (type === undefined) throw this.#invalidBatch(header, `Unknown compression type id: ${header.codec}`)
    try {
      return decompress(type, this.#bytes.subarray(header.recordsStart, header.end))
    } catch (error) {
      throw this.#invalidBatch(header, `its ${type} data cannot be decompressed: ${messageOf(error)}`, error)
    }
  }

  /** Reads on in the open batch until it ends or there are `max` records. */
  #readRecords(records: FetchedRecord[], max: number): void {
    const [batch, scanner] = [this.#batch, this.#scanner]
    if (batch === null) return
    const { baseOffset } = batch
    while (this.#left > 0 && records.length < max) {
      this.#scanRecord(scanner)
      const offset = baseOffset + scanner.offsetDelta
      if (offset < this.#next) continue
      records.push(new FetchedRecord(batch, scanner))
      this.#next = offset + 1
    }
    if (this.#left > 0) return
    this.#batch = null
    this.#next = Math.max(this.#next, this.#batchNext)
  }

  #scanRecord(scanner: RecordScanner): void {
    const { position } = scanner
    try {
      scanner.next()
      if (this.#left === 1) scanner.checkEnd()
      this.#left--
    } catch (error) {
      scanner.position = position
      throw this.#invalidRecord(error)
    }
  }

  get #name(): string {
    return `${this.#options.topic}-${this.#options.partition}`
  }

  #invalidBatch(header: BatchHeader, why: string, cause?: unknown): KafkaError {
    const { topic, partition } = this.#options
    const message =
      `Record batch for partition ${this.#name} at offset ${header.baseOffset} is invalid, cause: ${why}. ` +
      `Seek to offset ${header.baseOffset + 1} or later to go on without it`
    return corruptRecord(message, { topic, partition, cause })
  }

  #invalidRecord(cause: unknown): KafkaError {
    const { topic, partition } = this.#options
    const message =
      `Record for partition ${this.#name} at offset ${this.#next} is invalid, cause: ${messageOf(cause)}. ` +
      `Seek to offset ${this.#batchNext} to go on without it and the rest of its batch`
    return corruptRecord(message, { topic, partition, cause })
  }

  #unsupportedFormat(header: BatchHeader): KafkaError {
    const { topic, partition } = this.#options
    const message =
      `Partition ${this.#name} has messages of format ${header.magic} at offset ${header.baseOffset}, and only format 2 can be read. ` +
      'Have the broker convert the topic (Kafka 0.11 or later writes format 2), or seek behind the old messages'
    return kafkaError(43, { message, topic, partition })
  }

  #noWholeBatch(): KafkaError {
    const { topic, partition } = this.#options
    const message =
      `Failed to make progress reading messages at ${this.#name}=${this.#next}. ` +
      'Received a non-empty fetch response from the server, but no complete records were found.'
    return corruptRecord(message, { topic, partition })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
