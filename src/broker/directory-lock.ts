import { join } from 'node:path'
import { ConfigException } from '../api/errors.ts'
import { LockFile, LockHeldError } from '../api/lock-file.ts'

/**
 * Makes sure that one broker only uses a folder. On the same file as Apache Kafka's, whose lock covers it.
 * @throws ConfigException when somebody else has it, or it cannot be taken
 */
export async function lockDirectory(dir: string): Promise<LockFile> {
  try {
    return await LockFile.take(join(dir, '.lock'))
  } catch (error) {
    if (error instanceof LockHeldError) throw inUse(dir, error.holder ?? 'who did not sign')
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigException(`The broker's data folder ${dir} cannot be locked: ${reason}`, { cause: error })
  }
}

function inUse(dir: string, holder: string): ConfigException {
  return new ConfigException(
    `${dir} is in use by another broker (${holder}): two on one folder would destroy each other's data. Stop the other one, or choose another folder with --dir or log.dirs`,
  )
}
