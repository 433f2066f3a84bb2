import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ConnectException, RetriableException, type Logger } from 'standpipe/api'
import type { LineOutput } from './line-output.ts'
import { codeOf, reasonOf } from './system-errors.ts'

/** Conditions of the system that pass, or that somebody ends without touching the connector. */
const temporary = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EAGAIN', 'EINTR', 'ENOMEM', 'ENOBUFS', 'ETIMEDOUT'])
const LF = 0x0a
const tornLineCheckMs = 50

/** A file that lines are appended to. Several tasks may share it: each write is one append of whole lines. */
export class AppendedFile implements LineOutput {
  unwritten: Buffer | null = null
  readonly #path: string
  readonly #log: Logger
  #handle: FileHandle | null = null
  /** Pipes and devices cannot be synced. */
  #isRegular = false
  #isSynced = true

  constructor(path: string, log: Logger) {
    this.#path = path
    this.#log = log
  }

  async open(): Promise<void> {
    this.#handle = await this.#openHandle()
    const stats = await this.#handle.stat()
    this.#isRegular = stats.isFile()
    if (!this.#isRegular) return
    if (stats.size === 0) await syncFolder(dirname(this.#path))
    await this.#endTornLine()
  }

  async append(bytes: Buffer): Promise<void> {
    this.unwritten = bytes
    this.#isSynced = false
    while (this.unwritten.length > 0) this.unwritten = this.unwritten.subarray(await this.#write(this.unwritten))
    this.unwritten = null
  }

  async sync(): Promise<void> {
    if (this.#isSynced || !this.#isRegular) return
    try {
      await this.#handle?.datasync()
    } catch (error) {
      throw new ConnectException(`Cannot flush ${this.#path} to disk: ${reasonOf(error)}`, { cause: error })
    }
    this.#isSynced = true
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    await handle?.close()
  }

  async #openHandle(): Promise<FileHandle> {
    try {
      return await open(this.#path, 'a')
    } catch (error) {
      const sentence = `Couldn't find or create file '${this.#path}' for FileStreamSinkTask`
      throw new ConnectException(`${sentence}: ${reasonOf(error)}${hint(codeOf(error), this.#path)}`, { cause: error })
    }
  }

  async #write(bytes: Buffer): Promise<number> {
    try {
      const written = await this.#handle?.write(bytes, 0, bytes.length, null)
      return written?.bytesWritten ?? 0
    } catch (error) {
      const message = `Cannot append to ${this.#path}: ${reasonOf(error)}`
      if (!temporary.has(codeOf(error) ?? '')) throw new ConnectException(message, { cause: error })
      throw new RetriableException(`${message}. Nothing is lost: the records are kept and written when there is room`, { cause: error })
    }
  }

  /**
   * A process that was killed inside a write leaves half a line, whose record comes again: it must not be glued to that half.
   * Another task may be inside a write just now, so the end of the file is looked at twice.
   */
  async #endTornLine(): Promise<void> {
    const size = await unterminatedSize(this.#path)
    if (size === null) return
    await delay(tornLineCheckMs)
    if ((await unterminatedSize(this.#path)) !== size) return
    this.#log.warn(
      `The last line of ${this.#path} is not terminated, perhaps because its writer was killed; it is ended before lines are added`,
    )
    await this.append(Buffer.of(LF))
  }
}

function hint(code: string | null, path: string): string {
  if (code === 'ENOENT') return `. Create the directory ${dirname(path)} first`
  if (code === 'EISDIR') return ". Name a file, not a directory, in the connector's 'file' configuration"
  return ''
}

/** Size of a file whose last byte ends no line; null where it does, where the file is empty, or where it may not be read. */
async function unterminatedSize(path: string): Promise<number | null> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    if (codeOf(error) === 'EACCES' || codeOf(error) === 'ENOENT') return null
    throw error
  }
  try {
    const { size } = await handle.stat()
    if (size === 0) return null
    const last = Buffer.alloc(1)
    await handle.read(last, 0, 1, size - 1)
    return last[0] === LF ? null : size
  } finally {
    await handle.close()
  }
}

/** Makes a new file's name survive a crash. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
