import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { DatabaseSync } from 'node:sqlite'

const SQLITE_BUSY = 5

/** Somebody else has the lock. */
export class LockHeldError extends Error {
  override readonly name = 'LockHeldError'
  /** For a message: which process, where, since when. Null: it has left no word. */
  readonly holder: string | null

  constructor(path: string, holder: string | null) {
    super(`${path} is locked${holder === null ? '' : ` by ${holder}`}`)
    this.holder = holder
  }
}

/**
 * Makes sure that one process only uses something. The lock is one of the operating system's, taken through SQLite because Node itself has no
 * call for it: it ends with the process, however that ends, and it holds between containers on one volume, where process ids repeat and
 * prove nothing.
 */
export class LockFile {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /**
   * @param path made if it is not there; it stays, for removing it could take the lock from under somebody else. Who has it is written beside it, to
   * `<path>-holder`
   * @throws LockHeldError when somebody else has it, in this process too; any other error where it cannot be locked
   */
  static async take(path: string): Promise<LockFile> {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
    const database = new DatabaseSync(path, { timeout: 0 })
    try {
      database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN EXCLUSIVE')
      writeFileSync(holderFile(path), `process ${process.pid} on ${hostname()} since ${new Date().toISOString()}`)
      return new LockFile(database)
    } catch (error) {
      database.close()
      throw isBusy(error) ? new LockHeldError(path, await holderOf(path)) : error
    }
  }

  release(): void {
    this.#database.close()
  }
}

function holderFile(path: string): string {
  return `${path}-holder`
}

async function holderOf(path: string): Promise<string | null> {
  const text = await readFile(holderFile(path), 'utf8').catch(() => '') // it only makes the message better
  return text === '' ? null : text
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}
