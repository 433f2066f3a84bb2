import type { Logger } from '../../api/logger.ts'
import { ATTRIBUTES } from '../../kafka/record/batch-format.ts'
import { crc32c } from '../../kafka/record/crc32c.ts'
import type { EpochEnd } from '../partition/record-log.ts'
import type { BatchView } from './batch-view.ts'
import { BatchWalk } from './batch-walk.ts'
import { markerOf } from './control-batch.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
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
  /** As remembered; absent: nothing is. */
  readonly leaderEpochs?: LeaderEpochs | undefined
  readonly config: LogConfig
  readonly now: number
  readonly log: Logger
}

export interface LoadedLog {
  readonly segments: LogSegments
  readonly producers: ProducerState
  readonly leaderEpochs: LeaderEpochs
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** What is behind it was checked just now, and may not be on disk yet. */
  readonly trustedOffset: number
}

/**
 * Brings a folder's files into memory: what a stop left is believed up to the recovery point; from there on every batch is read, and the log
 * ends before the first that is not whole. Producers are those of the last snapshot and of the batches behind it.
 */
export function loadLog(options: LoadOptions): LoadedLog {
  finishSwaps(options.folder)
  const segments = openSegments(options)
  const trustedOffset = recover(segments, options)
  const { endOffset: logEndOffset, leaderEpoch } = endOf(segments.active)
  const logStartOffset = Math.min(Math.max(options.logStartOffset, segments.first.baseOffset), logEndOffset)
  const producers = loadProducers(segments, Math.min(trustedOffset, logEndOffset), options)
  producers.settle(logEndOffset)
  const leaderEpochs = options.leaderEpochs ?? (leaderEpoch > 0 ? epochsInBatches(segments) : new LeaderEpochs())
  return { segments, producers, leaderEpochs, logStartOffset, logEndOffset, trustedOffset: Math.min(trustedOffset, logEndOffset) }
}

function openSegments({ folder, logStartOffset, now }: LoadOptions): LogSegments {
  const baseOffsets = folder.names().flatMap((name) => offsetOf(name, '.log') ?? [])
  const [first = logStartOffset, ...others] = baseOffsets
  if (baseOffsets.length === 0) folder.create(logFile(first))
  const segments = new LogSegments([new LogSegment(folder, first, now), ...others.map((base) => new LogSegment(folder, base, now))])
  for (const segment of segments.all) segment.loadTimes()
  return segments
}

/** @returns the offset up to which nothing was looked at */
function recover(segments: LogSegments, options: LoadOptions): number {
  const { all } = segments
  let trustedOffset = options.recoveryPoint
  for (let index = segments.indexOf(options.recoveryPoint); index < all.length; index++) {
    const [segment, next] = [all[index], all[index + 1]]
    if (segment === undefined) break
    const from = checkedPosition(segment, options.recoveryPoint)
    if (from === 0) trustedOffset = Math.min(trustedOffset, segment.baseOffset)
    const { endOffset, isWhole } = recoverSegment(segment, from, options)
    if (isWhole && (next === undefined || endOffset === next.baseOffset || mayHaveGaps(next.baseOffset, options))) continue
    dropSegments(segments, all.slice(index + 1), options)
    break
  }
  return trustedOffset
}

/** Cleaning leaves gaps; the recovery point moves behind everything that is cleaned, so that there are none behind it. */
function mayHaveGaps(offset: number, { config, recoveryPoint }: LoadOptions): boolean {
  return config['cleanup.policy'].includes('compact') && (recoveryPoint === 0 || offset < recoveryPoint)
}

interface RecoveredSegment {
  readonly endOffset: number
  /** Nothing was cut. */
  readonly isWhole: boolean
}

/** Verifies a segment's batches from a position on and completes its indexes. */
function recoverSegment(segment: LogSegment, from: number, options: LoadOptions): RecoveredSegment {
  const { recoveryPoint, config } = options
  const indexIntervalBytes = config['index.interval.bytes']
  let endOffset = from === 0 ? segment.baseOffset : recoveryPoint
  segment.truncateIndexes(from, endOffset)
  const walk = new BatchWalk(segment.file, from, segment.sizeBytes, CHECK_WINDOW_BYTES)
  const { batch } = walk
  let wholeUntil = from
  while (walk.next() && follows(batch, endOffset, segment, options) && isIntact(walk.bytes(), batch.crc)) {
    const { lastOffset, maxTimestamp } = batch
    segment.note(walk.position, batch.sizeBytes, { lastOffset, maxTimestamp, offsetOfMaxTimestamp: lastOffset }, indexIntervalBytes)
    endOffset = lastOffset + 1
    wholeUntil = walk.nextPosition
  }
  return { endOffset, isWhole: cutBehind(segment, wholeUntil, options) }
}

/** The checksum does not cover the base offset: it must be the one that comes next. */
function follows({ baseOffset, lastOffset }: BatchView, endOffset: number, segment: LogSegment, options: LoadOptions): boolean {
  return segment.fits(lastOffset) && (baseOffset === endOffset || (baseOffset > endOffset && mayHaveGaps(baseOffset, options)))
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

function isIntact(batch: Buffer, crc: number): boolean {
  return crc32c(batch.subarray(ATTRIBUTES)) === crc
}

/** @returns whether there was nothing to cut */
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

/** Where a segment ends, and under which epoch its last batch was written; 0 when it has none. */
function endOf(segment: LogSegment): EpochEnd {
  const walk = new BatchWalk(segment.file, segment.offsets.last()?.position ?? 0)
  let [endOffset, leaderEpoch] = [segment.baseOffset, 0]
  while (walk.next()) {
    endOffset = walk.batch.lastOffset + 1
    leaderEpoch = walk.batch.leaderEpoch
  }
  return { endOffset, leaderEpoch }
}

/** For a log that was led under several epochs, though what knew of it is gone, as with a folder that somebody moved. */
function epochsInBatches(segments: LogSegments): LeaderEpochs {
  const epochs = new LeaderEpochs()
  for (const { file } of segments.all) {
    const walk = new BatchWalk(file)
    while (walk.next()) if (walk.batch.leaderEpoch > epochs.current) epochs.begin(walk.batch.baseOffset, walk.batch.leaderEpoch)
  }
  return epochs
}

/** @param trustedOffset newer snapshots do not count: what they say of aborted transactions may not be in the indexes */
function loadProducers(segments: LogSegments, trustedOffset: number, { folder, name }: LoadOptions): ProducerState {
  const producers = new ProducerState(name)
  const from = restoreSnapshot(producers, folder, trustedOffset) ?? segments.first.baseOffset
  for (const segment of segments.all.slice(segments.indexOf(from))) {
    const walk = segment.walkFrom(from, undefined)
    if (walk === null) continue
    do noteProducer(producers, segment, walk)
    while (walk.next())
  }
  return producers
}

/** @returns the offset from which on batches are missing in the newest snapshot that can be read; null: there is none */
function restoreSnapshot(producers: ProducerState, folder: LogFolder, trustedOffset: number): number | null {
  const offsets = folder.names().flatMap((file) => offsetOf(file, '.snapshot') ?? [])
  for (const offset of offsets.reverse()) {
    const file = snapshotFile(offset)
    const entries = offset <= trustedOffset ? decodeSnapshot(folder.readAll(file) ?? Buffer.alloc(0)) : null
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
