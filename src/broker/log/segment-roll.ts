import type { LogConfig } from './log-config.ts'
import type { LogSegment } from './log-segment.ts'

/**
 * Whether a batch of so many bytes must go to a new segment: the active one would be too large or is too old, or its indexes cannot take it.
 * Apache Kafka 4.3, LogSegment#shouldRoll.
 */
export function mustRoll(
  active: LogSegment,
  bytes: number,
  lastOffset: number,
  maxTimestamp: number,
  config: LogConfig,
  now: () => number,
): boolean {
  return (
    active.sizeBytes + bytes > config['segment.bytes'] ||
    (active.sizeBytes > 0 && ageOf(active, maxTimestamp, now) > maxAgeMs(config)) ||
    active.indexBytes >= config['segment.index.bytes'] ||
    !active.fits(lastOffset)
  )
}

function maxAgeMs(config: LogConfig): number {
  const isCompacted = config['cleanup.policy'].includes('compact')
  return isCompacted ? Math.min(config['segment.ms'], config['max.compaction.lag.ms']) : config['segment.ms']
}

/** By the records' own time, or by the clock where they have none. */
function ageOf({ firstTimestamp, createdMs }: LogSegment, timestamp: number, now: () => number): number {
  return firstTimestamp >= 0 && timestamp >= 0 ? timestamp - firstTimestamp : now() - createdMs
}
