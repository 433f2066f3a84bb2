import { COMPRESSION_TYPES, type CompressionType } from '../../kafka/record/compression-type.ts'
import { ATTRIBUTES, LENGTH_PREFIX, RECORDS } from '../../kafka/record/batch-format.ts'
import { decompress } from '../../kafka/record/compression.ts'
import { crc32c } from '../../kafka/record/crc32c.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import { BatchView } from './batch-view.ts'
import { rebuild, stampTimes } from './batch-rebuild.ts'
import type { LogConfig } from './log-config.ts'
import { RecordCheck } from './record-check.ts'

/** Up to its magic byte, a batch looks the same in all versions. */
const VERSION_PREFIX = 17

/**
 * Checks what clients send before it may enter a log, and brings it into the form the topic asks for. One for each partition: after `check`,
 * the fields tell about the batch. Rules and sentences of Apache Kafka 4.3, UnifiedLog#analyzeAndValidateRecords and LogValidator.
 */
export class BatchCheck {
  /** The batch as it will be stored; where it goes (base offset, leader epoch) is still open. */
  readonly batch = new BatchView()
  maxTimestamp = -1
  /** Distance from the base offset of the record that has the largest timestamp. */
  deltaOfMaxTimestamp = 0
  readonly #partition: string
  readonly #records = new RecordCheck()
  #config: LogConfig
  #needsKeys: boolean

  constructor(partition: string, config: LogConfig) {
    this.#partition = partition
    this.#config = config
    this.#needsKeys = config['cleanup.policy'].includes('compact')
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
    this.#needsKeys = config['cleanup.policy'].includes('compact')
  }

  /**
   * @param bytes what a client sent for the partition; changed in place
   * @returns the batch's bytes, which may be others
   * @throws ApiError when it must not be appended
   */
  check(bytes: Buffer, now: number): Buffer {
    const batch = this.#onlyBatch(bytes)
    this.#checkSize(bytes)
    this.#checkCrc(bytes)
    this.#checkHeader(batch)
    const source = this.#codecOf(batch)
    const records = source === 'none' ? bytes : this.#inflate(batch, source)
    this.#checkRecords(records, source === 'none' ? RECORDS : 0, now)
    return this.#inTopicsForm(bytes, source, records, now)
  }

  #onlyBatch(bytes: Buffer): BatchView {
    if (bytes.length < VERSION_PREFIX) throw this.#invalid('Record batch has no batches at all')
    const batch = this.batch.at(bytes, 0)
    if (batch.magic !== 2) throw this.#invalid(`Record batch with magic ${batch.magic} is not allowed, only magic version 2 is`)
    const { sizeBytes } = batch
    if (sizeBytes < RECORDS || sizeBytes > bytes.length)
      throw new ApiError(
        Errors.CORRUPT_MESSAGE,
        `Record batch has an illegal length of ${sizeBytes - LENGTH_PREFIX} bytes in topic partition ${this.#partition}`,
      )
    if (sizeBytes < bytes.length) throw this.#invalid('Compressed outer record has more than one batch')
    if (batch.baseOffset !== 0)
      throw this.#invalid(
        `The baseOffset of the record batch in the append to ${this.#partition} should be 0, but it is ${batch.baseOffset}`,
      )
    return batch
  }

  #checkSize(bytes: Buffer): void {
    const limit = this.#config['max.message.bytes']
    if (bytes.length <= limit) return
    const message = `The record batch size in the append to ${this.#partition} is ${bytes.length} bytes which exceeds the maximum configured value of ${limit}.`
    throw new ApiError(Errors.MESSAGE_TOO_LARGE, message)
  }

  #checkCrc(bytes: Buffer): void {
    const computed = crc32c(bytes.subarray(ATTRIBUTES))
    const { crc } = this.batch
    if (computed === crc) return
    const message = `Record is corrupt (stored crc = ${crc}, computed crc = ${computed}) in topic partition ${this.#partition}`
    throw new ApiError(Errors.CORRUPT_MESSAGE, message)
  }

  #checkHeader(batch: BatchView): void {
    const { baseOffset, lastOffset, recordCount, producerId, baseSequence } = batch
    const place = `in topic partition ${this.#partition}`
    const range = `[${baseOffset}, ${lastOffset}]`
    if (lastOffset < baseOffset) throw this.#invalid(`Batch has an invalid offset range: ${range} ${place}`)
    if (recordCount <= 0) throw this.#invalid(`Invalid reported count for record batch: ${recordCount} ${place}`)
    if (lastOffset - baseOffset + 1 !== recordCount)
      throw this.#invalid(`Inconsistent batch offset range ${range} and count of records ${recordCount} ${place}`)
    if (batch.isControl) throw this.#invalid(`Clients are not allowed to write control records ${place}`)
    if (producerId >= 0 && baseSequence < 0)
      throw this.#invalid(`Invalid sequence number ${baseSequence} in record batch with producerId ${producerId} ${place}`)
  }

  #codecOf(batch: BatchView): CompressionType {
    const type = COMPRESSION_TYPES[batch.codec]
    if (type === undefined) throw new ApiError(Errors.UNSUPPORTED_COMPRESSION_TYPE, `Unknown compression type id: ${batch.codec}`)
    return type
  }

  #inflate(batch: BatchView, type: CompressionType): Buffer {
    try {
      return decompress(type, batch.buffer.subarray(RECORDS))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw this.#invalid(`Failed to decompress the ${type} record batch in topic partition ${this.#partition}: ${why}`)
    }
  }

  #checkRecords(records: Buffer, from: number, now: number): void {
    const rules = { partition: this.#partition, config: this.#config, needsKeys: this.#needsKeys, now }
    this.#records.walk(this.batch, records, from, records.length, rules)
    this.maxTimestamp = this.#records.maxTimestamp
    this.deltaOfMaxTimestamp = this.#records.indexOfMaxTimestamp
  }

  /** Compression, numbering and timestamps as the topic wants them. */
  #inTopicsForm(bytes: Buffer, source: CompressionType, records: Buffer, now: number): Buffer {
    const target = targetCodec(this.#config, source)
    const isAsSent = target === source && this.#records.isNumbered
    const stored = isAsSent ? bytes : rebuild(this.batch, records, source === 'none' ? RECORDS : 0, target, this.#config)
    this.batch.at(stored, 0)
    if (!isAsSent) this.#checkSize(stored)
    if (this.#config['message.timestamp.type'] === 'LogAppendTime') {
      this.maxTimestamp = now
      this.deltaOfMaxTimestamp = target === 'none' ? this.batch.lastOffsetDelta : 0
      stampTimes(this.batch, true, now)
    } else if (this.maxTimestamp !== this.batch.maxTimestamp || this.batch.isLogAppendTime) stampTimes(this.batch, false, this.maxTimestamp)
    return stored
  }

  #invalid(message: string): ApiError {
    return new ApiError(Errors.INVALID_RECORD, message)
  }
}

/** Kafka: BrokerCompressionType#targetCompressionType. */
function targetCodec(config: LogConfig, source: CompressionType): CompressionType {
  const name = config['compression.type']
  if (name === 'producer') return source
  return COMPRESSION_TYPES.find((type) => type === name) ?? 'none'
}
