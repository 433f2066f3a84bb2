import { writeFile, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { ConfigException } from '../api/errors.ts'

const SQLITE_BUSY = 5

/**
 * Makes sure that one broker only uses a folder. The lock is one of the operating system's, taken through SQLite because Node itself has no
 * call for it: it ends with the process, however that ends, and holds between containers on one volume. On the same file as Apache Kafka's,
 * whose lock covers it.
 */
export class DirectoryLock {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** @throws ConfigException when somebody else has it, or it cannot be taken */
  static async take(dir: string): Promise<DirectoryLock> {
    const { DatabaseSync } = await import('node:sqlite')
    const holder = join(dir, '.lock-holder')
    let database: DatabaseSync | null = null
    try {
      database = new DatabaseSync(join(dir, '.lock'), { timeout: 0 })
      database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN EXCLUSIVE')
      await writeFile(holder, `process ${process.pid} on ${hostname()} since ${new Date().toISOString()}`)
      return new DirectoryLock(database)
    } catch (error) {
      database?.close()
      throw await lockFailure(dir, holder, error)
    }
  }

  release(): void {
    this.#database.close()
  }
}

async function lockFailure(dir: string, holder: string, error: unknown): Promise<ConfigException> {
  const reason = error instanceof Error ? error.message : String(error)
  const isBusy = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
  if (!isBusy) return new ConfigException(`The broker's data folder ${dir} cannot be locked: ${reason}`, { cause: error })
  const who = await readFile(holder, 'utf8').catch(() => 'who did not sign')
  return new ConfigException(
    `${dir} is in use by another broker (${who}): two on one folder would destroy each other's data. Stop the other one, or choose another folder with --dir or log.dirs`,
  )
}
