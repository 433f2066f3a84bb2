import type { LogSegment } from '../log-segment.ts'
import type { PartitionLog } from '../partition-log.ts'

/** The part of a compacted log that a cleaning is about. */
export interface DirtyPart {
  /** Segments with offsets before `to`, clean ones included. */
  readonly segments: readonly LogSegment[]
  readonly from: number
  readonly to: number
  /** Whether there is enough of it, or it waited long enough. */
  readonly isDue: boolean
}

/**
 * What may be cleaned: closed segments behind the last cleaning, before any open transaction, that are older than `min.compaction.lag.ms`.
 * Apache Kafka 4.3, LogCleanerManager#cleanableOffsets and LogToClean.
 */
export function dirtyPart(log: PartitionLog, now: number): DirtyPart | null {
  const { config } = log
  const { all, active } = log.segments
  const from = Math.min(Math.max(log.cleanedOffset, log.logStartOffset, log.segments.first.baseOffset), active.baseOffset)
  const tooYoung = all.find((segment) => segment.baseOffset >= from && isYoung(segment, config['min.compaction.lag.ms'], now))
  const to = Math.min(active.baseOffset, log.lastStableOffset, tooYoung?.baseOffset ?? Infinity)
  const segments = all.filter((segment) => segment !== active && segment.baseOffset < to)
  const dirty = segments.filter((segment) => segment.baseOffset >= from)
  const oldest = dirty[0]
  if (oldest === undefined) return null
  const ratio = sizeOf(dirty) / Math.max(sizeOf(segments), 1)
  const waitedMs = now - timeOf(oldest)
  return { segments, from, to, isDue: ratio > config['min.cleanable.dirty.ratio'] || waitedMs > config['max.compaction.lag.ms'] }
}

function isYoung(segment: LogSegment, lagMs: number, now: number): boolean {
  return lagMs > 0 && segment.maxTimestamp > now - lagMs
}

function timeOf(segment: LogSegment): number {
  return segment.firstTimestamp >= 0 ? segment.firstTimestamp : segment.createdMs
}

function sizeOf(segments: readonly LogSegment[]): number {
  return segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
}
