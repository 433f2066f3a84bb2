import type { PartitionLog } from '../partition-log.ts'
import { dirtyPart } from './dirty-part.ts'
import { LogCleaning } from './log-cleaning.ts'

/**
 * Cleans a compacted log where that is due.
 * @param secure moves the log's recovery point behind all closed segments and keeps it: behind it, no segment is cleaned
 * @returns whether it was
 */
export async function cleanIfDue(log: PartitionLog, now: number, secure: () => Promise<void>): Promise<boolean> {
  if (!log.config['cleanup.policy'].includes('compact')) return false
  const part = dirtyPart(log, now)
  if (part === null || !part.isDue) return false
  await secure()
  log.cleanedOffset = await new LogCleaning(log, part, now).run()
  return true
}
