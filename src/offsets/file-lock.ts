import { hostname } from 'node:os'
import type { DatabaseSync } from 'node:sqlite'
import { ConnectException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'

const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6

/**
 * Makes sure that one worker only writes a file. The lock is one of the operating system's on a file beside it, taken through SQLite because Node
 * itself has no call for it: it ends with the process, however that ends, and it holds between containers on one volume, where
 * process ids repeat and prove nothing. The lock file stays; removing it could take the lock from under another worker.
 */
export class FileLock {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /**
   * @returns null, with a warning, where the file system cannot lock
   * @throws ConnectException when somebody else holds the lock; the message names who
   */
  static async take(file: string, log: Logger): Promise<FileLock | null> {
    const { DatabaseSync } = await import('node:sqlite')
    const path = `${file}.lock`
    let database: DatabaseSync | null = null
    try {
      database = new DatabaseSync(path, { timeout: 0 })
      database.exec('PRAGMA synchronous = OFF')
      signIn(database)
      database.exec('BEGIN IMMEDIATE')
      return new FileLock(database)
    } catch (error) {
      const holder = database === null || !isBusy(error) ? null : holderOf(database)
      database?.close()
      if (isBusy(error)) throw inUse(file, holder)
      log.warn(`${path} cannot be locked: make sure that no other worker uses ${file}`, error)
      return null
    }
  }

  release(): void {
    this.#database.close()
  }
}

/** Leaves word of who takes the lock, for the message of whoever comes second. */
function signIn(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS holder (pid INTEGER, host TEXT, since TEXT); DELETE FROM holder')
  database.prepare('INSERT INTO holder VALUES (?, ?, ?)').run(process.pid, hostname(), new Date().toISOString())
  database.exec('COMMIT')
}

function holderOf(database: DatabaseSync): string | null {
  try {
    const row = database.prepare('SELECT pid, host, since FROM holder').get()
    return row === undefined ? null : `process ${String(row['pid'])} on ${String(row['host'])} since ${String(row['since'])}`
  } catch (error) {
    if (isBusy(error)) return null
    throw error
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (error.errcode === SQLITE_BUSY || error.errcode === SQLITE_LOCKED)
}

function inUse(file: string, holder: string | null): ConnectException {
  return new ConnectException(
    `Offset file ${file} is in use by another worker${holder === null ? '' : ` (${holder})`}: two workers on one file would overwrite each other's offsets. Stop the other one, or give this worker a file of its own with offset.storage.file.filename`,
  )
}
