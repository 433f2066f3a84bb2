import type { Logger } from '../../api/logger.ts'
import { ATTRIBUTES } from '../../kafka/record/batch-format.ts'
import { crc32c } from '../../kafka/record/crc32c.ts'
import { BatchWalk } from './batch-walk.ts'
import { markerOf } from './control-batch.ts'
import { LogSegment } from './log-segment.ts'
import { LogSegments } from './log-segments.ts'
import { decodeSnapshot } from './producer-snapshot.ts'
import { ProducerState } from './producer-state.ts'
import { logFile, offsetOf, snapshotFile } from './segment-files.ts'
import { finishSwaps } from './segment-swap.ts'
import type { LogFolder } from './storage/log-storage.ts'

/** Batches are read in pieces of this size when their checksums are verified. */
const CHECK_WINDOW_BYTES = 1024 * 1024

export interface LoadOptions {
  readonly folder: LogFolder
  /** `topic-partition`, for messages. */
  readonly name: string
  /** Everything before it was on disk, indexes included, and needs no check. */
  readonly recoveryPoint: number
  /** As last remembered; segments may begin later. */
  readonly logStartOffset: number
  readonly indexIntervalBytes: number
  readonly now: number
  readonly log: Logger
}

export interface LoadedLog {
  readonly segments: LogSegments
  readonly producers: ProducerState
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Whether there were batches behind the recovery point, or something was cut. */
  readonly isRecovered: boolean
}

/**
 * Brings a folder's files into memory: what a stop left is believed up to the recovery point; from there on every batch is read, and the log
 * ends before the first that is not whole. Producers are those of the last snapshot and of the batches behind it.
 */
export function loadLog(options: LoadOptions): LoadedLog {
  finishSwaps(options.folder)
  const segments = openSegments(options)
  const recovered = recover(segments, options)
  const { active } = segments
  const logEndOffset = endOffsetOf(active)
  const logStartOffset = Math.min(Math.max(options.logStartOffset, segments.first.baseOffset), logEndOffset)
  const producers = loadProducers(segments, logEndOffset, options)
  return { segments, producers, logStartOffset, logEndOffset, isRecovered: recovered || logEndOffset > options.recoveryPoint }
}

function openSegments({ folder, logStartOffset, now }: LoadOptions): LogSegments {
  const baseOffsets = folder.names().flatMap((name) => offsetOf(name, '.log') ?? [])
  const [first = logStartOffset, ...others] = baseOffsets
  if (baseOffsets.length === 0) folder.create(logFile(first))
  const segments = new LogSegments([new LogSegment(folder, first, now), ...others.map((base) => new LogSegment(folder, base, now))])
  for (const segment of segments.all) segment.loadTimes()
  return segments
}

/** @returns whether anything was cut */
function recover(segments: LogSegments, options: LoadOptions): boolean {
  const { all } = segments
  for (let index = segments.indexOf(options.recoveryPoint); index < all.length; index++) {
    const segment = all[index]
    if (segment === undefined || recoverSegment(segment, options)) continue
    dropSegments(segments, all.slice(index + 1), options)
    return true
  }
  return false
}

/** Verifies a segment's batches from the recovery point on and completes its indexes. @returns whether all of it is whole */
function recoverSegment(segment: LogSegment, options: LoadOptions): boolean {
  const { recoveryPoint, indexIntervalBytes } = options
  const from = checkedPosition(segment, recoveryPoint)
  segment.truncateIndexes(from, from === 0 ? segment.baseOffset : recoveryPoint)
  const walk = new BatchWalk(segment.file, from, segment.sizeBytes, CHECK_WINDOW_BYTES)
  const { batch } = walk
  let wholeUntil = from
  let nextOffset = segment.baseOffset
  while (walk.next() && batch.baseOffset >= nextOffset && isWhole(walk.bytes(), batch.crc)) {
    const { baseOffset, lastOffset, maxTimestamp } = batch
    segment.note(walk.position, batch.sizeBytes, { lastOffset, maxTimestamp, offsetOfMaxTimestamp: lastOffset }, indexIntervalBytes)
    nextOffset = Math.max(baseOffset, lastOffset) + 1
    wholeUntil = walk.nextPosition
  }
  return cutBehind(segment, wholeUntil, options)
}

/** Where the first batch that must be checked begins. An index that does not fit the log's bytes is not believed, and made anew. */
function checkedPosition(segment: LogSegment, recoveryPoint: number): number {
  if (recoveryPoint <= segment.baseOffset || !isSoundIndex(segment, recoveryPoint)) return 0
  const walk = new BatchWalk(segment.file, segment.offsets.positionBefore(recoveryPoint))
  let position = walk.nextPosition
  while (walk.next() && walk.batch.lastOffset < recoveryPoint) position = walk.nextPosition
  return position
}

/** Whether the last index entry that counts is about a batch that is there. */
function isSoundIndex({ offsets, file }: LogSegment, recoveryPoint: number): boolean {
  const position = offsets.positionBefore(recoveryPoint)
  if (position === 0) return true
  offsets.truncateAt(position + 1)
  const walk = new BatchWalk(file, position)
  return walk.next() && walk.batch.lastOffset === offsets.last()?.lastOffset
}

function isWhole(batch: Buffer, crc: number): boolean {
  return crc32c(batch.subarray(ATTRIBUTES)) === crc
}

function cutBehind(segment: LogSegment, wholeUntil: number, { name, log }: LoadOptions): boolean {
  const cutBytes = segment.sizeBytes - wholeUntil
  if (cutBytes === 0) return true
  log.warn(
    `${name}: the last ${cutBytes} bytes of ${logFile(segment.baseOffset)} are no whole batch (a write was cut off by a crash, or the disk ` +
      `lost it), and were cut; the file ends at byte ${wholeUntil} now`,
  )
  segment.file.truncate(wholeUntil)
  return false
}

function dropSegments(segments: LogSegments, dropped: readonly LogSegment[], { name, log }: LoadOptions): void {
  for (const segment of dropped) {
    log.warn(`${name}: ${logFile(segment.baseOffset)} with ${segment.sizeBytes} bytes follows what was cut, and was removed`)
    segment.delete()
  }
  segments.replace(dropped, [])
}

function endOffsetOf(segment: LogSegment): number {
  const indexed = segment.offsets.last()
  const walk = new BatchWalk(segment.file, indexed?.position ?? 0)
  let end = segment.baseOffset
  while (walk.next()) end = walk.batch.lastOffset + 1
  return end
}

function loadProducers(segments: LogSegments, logEndOffset: number, { folder, name }: LoadOptions): ProducerState {
  const producers = new ProducerState(name)
  const from = restoreSnapshot(producers, folder, logEndOffset) ?? segments.first.baseOffset
  for (const segment of segments.all.slice(segments.indexOf(from))) {
    const walk = segment.walkFrom(from, undefined)
    if (walk === null) continue
    do noteProducer(producers, segment, walk)
    while (walk.next())
  }
  producers.settle(logEndOffset)
  return producers
}

/** @returns the offset from which on batches are missing in the newest snapshot that can be read; null: there is none */
function restoreSnapshot(producers: ProducerState, folder: LogFolder, logEndOffset: number): number | null {
  const offsets = folder.names().flatMap((file) => offsetOf(file, '.snapshot') ?? [])
  for (const offset of offsets.reverse()) {
    const file = snapshotFile(offset)
    const entries = offset <= logEndOffset ? decodeSnapshot(folder.readAll(file) ?? Buffer.alloc(0)) : null
    if (entries !== null) {
      producers.restore(entries)
      return offset
    }
    folder.remove(file)
  }
  return null
}

function noteProducer(producers: ProducerState, segment: LogSegment, walk: BatchWalk): void {
  const { batch } = walk
  if (batch.producerId < 0) return
  if (!batch.isControl) return producers.noteBatch(batch)
  walk.bytes()
  const marker = markerOf(batch)
  const completed = marker === null ? null : producers.noteMarker(batch, marker.outcome, marker.coordinatorEpoch)
  if (completed === null || !completed.isAborted) return
  if (segment.aborted.transactions.some(({ lastOffset }) => lastOffset === completed.lastOffset)) return
  const { producerId, firstOffset, lastOffset } = completed
  segment.aborted.add({ producerId, firstOffset, lastOffset, lastStableOffset: producers.stableOffsetAfter(completed) })
}
