import { BatchWalk } from './batch-walk.ts'
import { LogSegment } from './log-segment.ts'
import { logFile, offsetOf, segmentFiles } from './segment-files.ts'
import type { LogFolder } from './storage/log-storage.ts'

/**
 * A cleaned segment takes the place of others in steps, each of which a crash may be the last of:
 * 1. its files are written as `.cleaned`; a start removes them;
 * 2. they are renamed to `.swap`, the log file last; a start removes them when the log file is not among them, and else goes on;
 * 3. the old segments are removed;
 * 4. the files get their names, the log file last.
 */
const CLEANED = '.cleaned'
const SWAP = '.swap'

/** Step 1: an empty segment beside the log, which a cleaning fills. It will begin where the first of those it replaces does. */
export function beginCleaned(folder: LogFolder, { baseOffset, createdMs }: LogSegment): LogSegment {
  for (const name of segmentFiles(baseOffset)) {
    folder.remove(name + CLEANED)
    folder.create(name + CLEANED)
  }
  return new LogSegment(folder, baseOffset, createdMs, CLEANED)
}

/** Steps 2 to 4 for files that are written and synced. */
export function swapIn(folder: LogFolder, cleaned: LogSegment, old: readonly LogSegment[]): void {
  const names = segmentFiles(cleaned.baseOffset)
  for (const name of names) folder.rename(name + CLEANED, name + SWAP)
  for (const segment of old) segment.delete()
  for (const name of names) folder.rename(name + SWAP, name)
}

/** Ends what a crash interrupted: goes on from step 2, or removes what is left of step 1. */
export function finishSwaps(folder: LogFolder): void {
  for (const name of folder.names()) {
    const baseOffset = offsetOf(name, `.log${SWAP}`)
    if (baseOffset !== null) finishSwap(folder, baseOffset)
  }
  for (const name of folder.names()) if (/\.(deleted|cleaned|swap|tmp)$/.test(name)) folder.remove(name)
}

function finishSwap(folder: LogFolder, baseOffset: number): void {
  const file = folder.open(logFile(baseOffset) + SWAP)
  const walk = new BatchWalk(file)
  let end = baseOffset + 1
  while (walk.next()) end = walk.batch.lastOffset + 1
  file.close()
  for (const name of folder.names()) {
    const old = offsetOf(name, '.log')
    if (old !== null && old > baseOffset && old < end) for (const oldName of segmentFiles(old)) folder.remove(oldName)
  }
  for (const name of segmentFiles(baseOffset)) folder.rename(name + SWAP, name)
}
