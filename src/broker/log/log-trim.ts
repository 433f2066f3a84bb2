import type { Logger } from '../../api/logger.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { HighWatermark } from './high-watermark.ts'
import type { LocalLog } from './local-log.ts'
import { expiredSegments } from './retention.ts'

/** Takes records away from the start of a log: when a client says so, and when they are past retention. */
export class LogTrim {
  readonly #local: LocalLog
  readonly #watermark: HighWatermark
  readonly #now: () => number
  readonly #log: Logger

  constructor(local: LocalLog, watermark: HighWatermark, now: () => number, log: Logger) {
    this.#local = local
    this.#watermark = watermark
    this.#now = now
    this.#log = log
  }

  /**
   * @returns the log start offset, which may be larger already
   * @throws ApiError OFFSET_OUT_OF_RANGE for an offset behind the high watermark; POLICY_VIOLATION in a topic that is only compacted
   */
  deleteRecordsBefore(offset: number): number {
    const local = this.#local
    const policy = local.config['cleanup.policy']
    if (policy.includes('compact') && !policy.includes('delete')) {
      const message = `Records of partition ${local.name} can not be deleted due to the configured policy`
      throw new ApiError(Errors.POLICY_VIOLATION, message)
    }
    if (offset > this.#watermark.offset) throw local.outOfRange(offset)
    local.startOffset = Math.max(local.startOffset, offset)
    return local.startOffset
  }

  /** @returns how many there were */
  deleteOldSegments(): number {
    const { config, name, segments, startOffset: logStartOffset, endOffset: logEndOffset } = this.#local
    const highWatermark = this.#watermark.offset
    const count = expiredSegments({ segments: segments.all, config, logStartOffset, logEndOffset, highWatermark, now: this.#now() })
    if (count === 0) return 0
    this.#local.removeOldest(count)
    this.#log.info(`${name}: removed ${count} segments past retention; the log starts at offset ${this.#local.startOffset} now`)
    return count
  }
}
