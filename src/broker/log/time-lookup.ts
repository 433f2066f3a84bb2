import { RecordScanner } from '../../kafka/record/record-scanner.ts'
import type { OffsetAndTime } from '../partition/record-log.ts'
import type { BatchView } from './batch-view.ts'
import type { LogSegment } from './log-segment.ts'
import type { LogSegments } from './log-segments.ts'
import { inflatedRecords } from './stored-records.ts'

/** The first record from `fromOffset` on whose timestamp is this or later; null: there is none. */
export function findOffsetForTime(segments: LogSegments, timestamp: number, fromOffset: number): OffsetAndTime | null {
  for (const segment of segments.all) {
    if (segment.maxTimestamp < timestamp) continue
    const found = findInSegment(segment, timestamp, fromOffset)
    if (found !== null) return found
  }
  return null
}

/** The record with the largest timestamp, the first of several; null: there is none. */
export function findOffsetOfMaxTimestamp(segments: LogSegments): OffsetAndTime | null {
  let latest: LogSegment | null = null
  for (const segment of segments.all) if (segment.maxTimestamp > (latest?.maxTimestamp ?? -1)) latest = segment
  return latest === null ? null : findInSegment(latest, latest.maxTimestamp, latest.baseOffset)
}

function findInSegment(segment: LogSegment, timestamp: number, fromOffset: number): OffsetAndTime | null {
  const walk = segment.walkFrom(Math.max(segment.times.offsetBefore(timestamp), fromOffset))
  if (walk === null) return null
  do {
    if (walk.batch.maxTimestamp < timestamp) continue
    walk.bytes()
    const found = findInBatch(walk.batch, timestamp, fromOffset)
    if (found !== null) return found
  } while (walk.next())
  return null
}

function findInBatch(batch: BatchView, timestamp: number, fromOffset: number): OffsetAndTime | null {
  if (batch.recordCount <= 0) return null
  if (batch.isLogAppendTime) return { offset: Math.max(batch.baseOffset, fromOffset), timestamp: batch.maxTimestamp }
  const { records, from } = inflatedRecords(batch)
  const scanner = new RecordScanner()
  scanner.reset(records, from)
  for (let left = batch.recordCount; left > 0; left--) {
    scanner.next()
    const found = { offset: batch.baseOffset + scanner.offsetDelta, timestamp: batch.baseTimestamp + scanner.timestampDelta }
    if (found.timestamp >= timestamp && found.offset >= fromOffset) return found
  }
  return null
}
