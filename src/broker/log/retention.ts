import type { LogConfig } from './log-config.ts'
import type { LogSegment } from './log-segment.ts'

export interface RetentionFacts {
  readonly segments: readonly LogSegment[]
  readonly config: LogConfig
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
  readonly now: number
}

/**
 * How many of the oldest segments may go: those before the log start offset always, with `cleanup.policy=delete` also those that are too old
 * or too much. All of them, the active one included, when nothing is worth keeping. Apache Kafka 4.3, UnifiedLog#deleteOldSegments.
 */
export function expiredSegments(facts: RetentionFacts): number {
  const byStart = countWhile(facts, (_segment, end) => end <= facts.logStartOffset)
  if (!facts.config['cleanup.policy'].includes('delete')) return byStart
  return Math.max(byStart, tooOld(facts), tooMuch(facts))
}

function tooOld(facts: RetentionFacts): number {
  const retentionMs = facts.config['retention.ms']
  if (retentionMs < 0) return 0
  return countWhile(facts, (segment) => facts.now - lastTime(segment) > retentionMs)
}

function tooMuch(facts: RetentionFacts): number {
  const limit = facts.config['retention.bytes']
  if (limit < 0) return 0
  let surplus = facts.segments.reduce((sum, segment) => sum + segment.sizeBytes, -limit)
  return countWhile(facts, (segment) => {
    surplus -= segment.sizeBytes
    return surplus >= 0
  })
}

/** Segments from the oldest on that are wholly visible and expired; the empty end of a log is not one. */
function countWhile(facts: RetentionFacts, isExpired: (segment: LogSegment, endOffset: number) => boolean): number {
  const { segments, highWatermark, logEndOffset } = facts
  let count = 0
  for (const segment of segments) {
    const next = segments[count + 1]
    const endOffset = next?.baseOffset ?? logEndOffset
    if (endOffset > highWatermark || (next === undefined && segment.sizeBytes === 0) || !isExpired(segment, endOffset)) break
    count++
  }
  return count
}

/** When the segment's latest record was made, or for records without timestamp the segment. */
function lastTime(segment: LogSegment): number {
  return segment.maxTimestamp >= 0 ? segment.maxTimestamp : segment.createdMs
}
