import { ConnectException } from '../api/errors.ts'
import { LockFile, LockHeldError } from '../api/lock-file.ts'
import type { Logger } from '../api/logger.ts'

/**
 * Makes sure that one worker only writes an offset file, by a lock file beside it.
 * @returns null, with a warning, where the file system cannot lock
 * @throws ConnectException when somebody else holds the lock; the message names who
 */
export async function lockOffsetFile(file: string, log: Logger): Promise<LockFile | null> {
  const path = `${file}.lock`
  try {
    return await LockFile.take(path)
  } catch (error) {
    if (error instanceof LockHeldError) throw inUse(file, error.holder)
    log.warn(`${path} cannot be locked: make sure that no other worker uses ${file}`, error)
    return null
  }
}

function inUse(file: string, holder: string | null): ConnectException {
  return new ConnectException(
    `Offset file ${file} is in use by another worker${holder === null ? '' : ` (${holder})`}: two workers on one file would overwrite each other's offsets. Stop the other one, or give this worker a file of its own with offset.storage.file.filename`,
  )
}
