import {
  ATTRIBUTES,
  BATCH_LENGTH,
  CODEC_MASK,
  LENGTH_PREFIX,
  MAGIC,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  TRANSACTIONAL,
} from '../../kafka/record/batch-format.ts'
import { ApiError, Errors } from '../protocol/errors.ts'

/** Where the fields that all formats share end. */
const SHARED_HEADER = MAGIC + 1
/** What a batch length is at least, as in Kafka: an empty message of the oldest format. */
const LEAST_LENGTH = 14
const ZSTD = 4
const ZSTD_SINCE = 7
const CURRENT_MAGIC = 2

/**
 * Refuses what no Produce request may carry. The log checks the batch itself.
 * Kafka: ProduceRequest#validateRecords, with its sentences.
 */
export function checkProducedRecords(records: Buffer | null, version: number): Buffer {
  if (records === null || records.length < SHARED_HEADER) throw noBatch(version)
  const length = records.readInt32BE(BATCH_LENGTH)
  const magic = records.readInt8(MAGIC)
  if (length < LEAST_LENGTH || magic < 0 || magic > CURRENT_MAGIC)
    throw new ApiError(Errors.CORRUPT_MESSAGE, `A batch of format ${magic} and ${length} bytes cannot be`)
  const end = LENGTH_PREFIX + length
  if (end > records.length) throw noBatch(version)
  if (magic !== CURRENT_MAGIC)
    throw new ApiError(
      Errors.INVALID_RECORD,
      `Produce requests with version ${version} are only allowed to contain record batches with magic version 2`,
    )
  if ((records.readInt16BE(ATTRIBUTES) & CODEC_MASK) === ZSTD && version < ZSTD_SINCE)
    throw new ApiError(
      Errors.UNSUPPORTED_COMPRESSION_TYPE,
      `Produce requests with version ${version} are not allowed to use ZStandard compression`,
    )
  if (end < records.length)
    throw new ApiError(
      Errors.INVALID_RECORD,
      `Produce requests with version ${version} are only allowed to contain exactly one record batch per partition`,
    )
  return records
}

export function isTransactional(batch: Buffer): boolean {
  return (batch.readInt16BE(ATTRIBUTES) & TRANSACTIONAL) !== 0
}

export function producerIdOf(batch: Buffer): number {
  return batch.readInt32BE(PRODUCER_ID) * 0x1_0000_0000 + batch.readUInt32BE(PRODUCER_ID + 4)
}

export function producerEpochOf(batch: Buffer): number {
  return batch.readInt16BE(PRODUCER_EPOCH)
}

function noBatch(version: number): ApiError {
  return new ApiError(Errors.INVALID_RECORD, `Produce requests with version ${version} must have at least one record batch per partition`)
}
