import { RecordScanner } from '../../kafka/record/record-scanner.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { BatchView } from './batch-view.ts'
import type { LogConfig } from './log-config.ts'
import { RecordsRejected, type RecordError } from './record-errors.ts'

const NO_TIMESTAMP = -1

/** What a partition demands of records. */
export interface RecordRules {
  readonly partition: string
  readonly config: LogConfig
  readonly needsKeys: boolean
  readonly now: number
}

/**
 * One walk over a batch's inflated records. One for each partition; the fields tell about the last walk.
 * Rules and sentences of Apache Kafka 4.3, LogValidator.
 */
export class RecordCheck {
  maxTimestamp = NO_TIMESTAMP
  /** Which record has it, from 0. */
  indexOfMaxTimestamp = 0
  /** Whether every record has the offset delta of its place. */
  isNumbered = true
  readonly #scanner = new RecordScanner()

  /** @throws ApiError for records that do not keep to the format or to the rules */
  walk(batch: BatchView, records: Buffer, from: number, end: number, rules: RecordRules): void {
    const [count, base] = [batch.recordCount, batch.baseTimestamp]
    const scanner = this.#scanner
    let [max, min, indexOfMax] = [-Infinity, Infinity, 0]
    let [isNumbered, hasKeys] = [true, true]
    try {
      scanner.reset(records, from, end)
      for (let index = 0; index < count; index++) {
        scanner.next()
        const delta = scanner.timestampDelta
        if (delta > max) {
          max = delta
          indexOfMax = index
        }
        if (delta < min) min = delta
        if (scanner.offsetDelta !== index) isNumbered = false
        if (scanner.keyLength < 0) hasKeys = false
      }
      scanner.checkEnd()
    } catch (error) {
      throw malformed(error, rules.partition)
    }
    this.maxTimestamp = base + max
    this.indexOfMaxTimestamp = indexOfMax
    this.isNumbered = isNumbered
    const isInTime = batch.isLogAppendTime ? false : isWithin(base + min, base + max, rules)
    if (!isInTime || (rules.needsKeys && !hasKeys)) this.#listErrors(batch, records, from, end, rules)
  }

  /** The walk again, to say which records are wrong. */
  #listErrors(batch: BatchView, records: Buffer, from: number, end: number, rules: RecordRules): void {
    const errors: RecordError[] = []
    let hasWrongTime = false
    const scanner = this.#scanner
    scanner.reset(records, from, end)
    for (let index = 0; index < batch.recordCount; index++) {
      scanner.next()
      const keyError = rules.needsKeys && scanner.keyLength < 0
      const message = keyError ? missingKey(rules) : timestampError(batch, batch.baseTimestamp + scanner.timestampDelta, index, rules)
      if (message === null) continue
      hasWrongTime ||= !keyError
      errors.push({ batchIndex: index, batchIndexErrorMessage: message })
    }
    if (errors.length > 0) throw new RecordsRejected(hasWrongTime ? Errors.INVALID_TIMESTAMP : Errors.INVALID_RECORD, errors)
  }
}

/** Quick answer for a whole batch; records without timestamp may make it false wrongly. */
function isWithin(min: number, max: number, { config, now }: RecordRules): boolean {
  if (config['message.timestamp.type'] === 'LogAppendTime') return true
  return now - min <= config['message.timestamp.before.max.ms'] && max - now <= config['message.timestamp.after.max.ms']
}

function missingKey({ partition }: RecordRules): string {
  return `Compacted topic cannot accept message without key in topic partition ${partition}.`
}

function timestampError(batch: BatchView, timestamp: number, index: number, { config, now }: RecordRules): string | null {
  const isCreateTime = config['message.timestamp.type'] !== 'LogAppendTime'
  if (isCreateTime && timestamp !== NO_TIMESTAMP) {
    const [earliest, latest] = [now - config['message.timestamp.before.max.ms'], now + config['message.timestamp.after.max.ms']]
    if (timestamp >= earliest && timestamp <= latest) return null
    return (
      `Timestamp ${timestamp} of message with offset ${index} is out of range. ` + `The timestamp should be within [${earliest}, ${latest}]`
    )
  }
  if (!batch.isLogAppendTime) return null
  return `Invalid timestamp type in message ${index}. Producer should not set timestamp type to LogAppendTime.`
}

function malformed(error: unknown, partition: string): ApiError {
  return new ApiError(Errors.INVALID_RECORD, `${error instanceof Error ? error.message : String(error)} in topic partition ${partition}`)
}
