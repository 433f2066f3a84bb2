import {
  ATTRIBUTES,
  BATCH_LENGTH,
  CODEC_MASK,
  LENGTH_PREFIX,
  MAGIC,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORDS,
  TRANSACTIONAL,
} from '../../kafka/record/batch-format.ts'
import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'

/** Where the fields that all formats share end. */
const SHARED_HEADER = MAGIC + 1
/** What a batch length is at least, as in Kafka: an empty message of the oldest format. */
const LEAST_LENGTH = 14
const ZSTD = 4
const ZSTD_SINCE = 7
const CURRENT_MAGIC = 2

/**
 * The one batch that a Produce request has for a partition. What is too short for another one behind it is left out. The log checks the
 * batch itself. Kafka: ProduceRequest#validateRecords, with its sentences; ByteBufferLogInputStream.
 * @throws ApiError INVALID_RECORD, CORRUPT_MESSAGE, UNSUPPORTED_COMPRESSION_TYPE
 */
export function producedBatch(records: Buffer | null, version: number): Buffer {
  const end = records === null ? null : endOfBatch(records, 0)
  if (records === null || end === null) throw refusal(version, 'must have at least one record batch per partition')
  if (records.readInt8(MAGIC) !== CURRENT_MAGIC) throw refusal(version, 'are only allowed to contain record batches with magic version 2')
  if (codecOf(records) === ZSTD && version < ZSTD_SINCE)
    throw refusal(version, 'are not allowed to use ZStandard compression', Errors.UNSUPPORTED_COMPRESSION_TYPE)
  if (endOfBatch(records, end) !== null) throw refusal(version, 'are only allowed to contain exactly one record batch per partition')
  return end === records.length ? records : records.subarray(0, end)
}

/** Null: what is there is no whole batch. */
function endOfBatch(records: Buffer, start: number): number | null {
  if (records.length - start < SHARED_HEADER) return null
  const length = records.readInt32BE(start + BATCH_LENGTH)
  const magic = records.readInt8(start + MAGIC)
  if (length < LEAST_LENGTH || magic < 0 || magic > CURRENT_MAGIC)
    throw new ApiError(Errors.CORRUPT_MESSAGE, `A batch of format ${magic} and ${length} bytes cannot be`)
  const end = start + LENGTH_PREFIX + length
  return end > records.length ? null : end
}

/** Of a batch that may be too short for a header of its format: the log says so. */
function codecOf(batch: Buffer): number {
  return batch.length < ATTRIBUTES + 2 ? 0 : batch.readInt16BE(ATTRIBUTES) & CODEC_MASK
}

export function isTransactional(batch: Buffer): boolean {
  return batch.length >= RECORDS && (batch.readInt16BE(ATTRIBUTES) & TRANSACTIONAL) !== 0
}

export function producerIdOf(batch: Buffer): number {
  return batch.readInt32BE(PRODUCER_ID) * 0x1_0000_0000 + batch.readUInt32BE(PRODUCER_ID + 4)
}

export function producerEpochOf(batch: Buffer): number {
  return batch.readInt16BE(PRODUCER_EPOCH)
}

function refusal(version: number, what: string, error: ErrorNumber = Errors.INVALID_RECORD): ApiError {
  return new ApiError(error, `Produce requests with version ${version} ${what}`)
}
