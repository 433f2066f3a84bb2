import { constants, type BigIntStats } from 'node:fs'
import { open, readdir, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ConnectException, RetriableException, type Logger } from 'standpipe/api'
import type { LineInput, ResumePoint } from './line-input.ts'
import { codeOf, reasonOf } from './system-errors.ts'

/** An open file and how far it was read. */
interface OpenFile {
  readonly handle: FileHandle
  readonly fileKey: string
  /** False: a pipe or device, which has no positions and is never rotated. */
  readonly isRegular: boolean
}

/**
 * Reads a file as it grows, and the one that takes its name when it is rotated.
 *
 * Rotation by rename: when the name leads to another file, the open one is read on until it has given nothing for two checks, about two
 * seconds, because its writer may not have changed over yet; then the new one is read from its start. Rotation by copytruncate: a file
 * smaller than what was read of it is read from its start. A file that is rewritten to the same or a larger size between two
 * reads cannot be told from one that grew.
 */
export class FollowedFile implements LineInput {
  readonly #path: string
  readonly #log: Logger
  #file: OpenFile | null = null
  #position = 0
  /** Another file had the name at the last check. */
  #isReplaced = false

  constructor(path: string, log: Logger) {
    this.#path = path
    this.#log = log
  }

  get fileKey(): string | null {
    return this.#file?.fileKey ?? null
  }

  async open(from: ResumePoint): Promise<number | null> {
    await this.close()
    const current = await openFile(this.#path)
    const file =
      current === null || from.fileKey === null || from.fileKey === current.fileKey ? current : await this.#rotated(from, current)
    if (file === null) return null
    this.#file = file
    this.#isReplaced = false
    this.#position = await this.#startOf(file, from)
    return this.#position
  }

  async read(target: Buffer, start: number): Promise<number> {
    if (this.#file === null) return 0
    const { handle, isRegular } = this.#file
    try {
      const { bytesRead } = await handle.read(target, start, target.length - start, isRegular ? this.#position : null)
      this.#position += bytesRead
      return bytesRead
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return 0 // a pipe without data
      throw new RetriableException(`Cannot read ${this.#path} at position ${this.#position}: ${reasonOf(error)}. It is tried again`, {
        cause: error,
      })
    }
  }

  async hasEnded(): Promise<boolean> {
    if (this.#file?.isRegular !== true) return false
    const { size } = await this.#file.handle.stat()
    if (size < this.#position) {
      this.#log.warn(`${this.#path} was truncated to ${size} bytes after ${this.#position} had been read; it is read from its start`)
      return true
    }
    const wasReplaced = this.#isReplaced
    this.#isReplaced = await this.#nameLeadsElsewhere(this.#file)
    if (!wasReplaced || !this.#isReplaced) return false
    this.#log.info(`${this.#path} was replaced: the old file is read to its end (position ${this.#position}), the new one from its start`)
    return true
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.handle.close()
  }

  async #nameLeadsElsewhere(file: OpenFile): Promise<boolean> {
    try {
      return fileKeyOf(await stat(this.#path, { bigint: true })) !== file.fileKey
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false // the old file is all there is until a new one comes
      throw cannotOpen(this.#path, error)
    }
  }

  /** The file the resume point is about, found beside the new one under the name rotation gave it; else the new one. */
  async #rotated(from: ResumePoint, current: OpenFile): Promise<OpenFile> {
    const path = await this.#findRotated(from)
    const rotated = path === null ? null : await openFile(path)
    if (path === null || rotated === null) {
      this.#log.warn(
        `${this.#path} is another file than the one read up to position ${from.position}, which is gone; it is read from its start`,
      )
      return current
    }
    await current.handle.close()
    this.#log.info(`${this.#path} was replaced while nobody read it: ${path} is finished first, from position ${from.position}`)
    return rotated
  }

  async #findRotated(from: ResumePoint): Promise<string | null> {
    const folder = dirname(this.#path)
    try {
      for (const name of await readdir(folder)) if ((await fileKeyAt(join(folder, name))) === from.fileKey) return join(folder, name)
    } catch (error) {
      this.#log.warn(`The files beside ${this.#path} cannot be searched for the rotated one`, error)
    }
    return null
  }

  async #startOf(file: OpenFile, from: ResumePoint): Promise<number> {
    if (!file.isRegular || from.position === 0) return from.position
    if (from.fileKey !== null && from.fileKey !== file.fileKey) return 0
    const { size } = await file.handle.stat()
    if (size >= from.position) return from.position
    this.#log.warn(
      `${this.#path} has ${size} bytes, fewer than the ${from.position} that were read of it: it was truncated or replaced, and is read from its start`,
    )
    return 0
  }
}

/** @returns null when there is no such file */
async function openFile(path: string): Promise<OpenFile | null> {
  let handle: FileHandle
  try {
    // Non-blocking matters for named pipes only: opening and reading them must not hold a thread until somebody writes.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw cannotOpen(path, error)
  }
  const stats = await handle.stat({ bigint: true })
  if (!stats.isDirectory()) return { handle, fileKey: fileKeyOf(stats), isRegular: stats.isFile() }
  await handle.close()
  throw new ConnectException(`${path} is a directory: name a file in the connector's 'file' configuration`)
}

/** Null where there is nothing that could be looked at, such as a broken link. */
async function fileKeyAt(path: string): Promise<string | null> {
  try {
    return fileKeyOf(await stat(path, { bigint: true }))
  } catch (error) {
    if (codeOf(error) !== null) return null
    throw error
  }
}

/** Inode numbers come back soon after a deletion, so the time of birth belongs to the identity. The device may change with a reboot. */
function fileKeyOf(stats: BigIntStats): string {
  return `${stats.ino}-${stats.birthtimeMs}`
}

function cannotOpen(path: string, error: unknown): ConnectException {
  const message = `Cannot open ${path}: ${reasonOf(error)}`
  return temporary.has(codeOf(error) ?? '')
    ? new RetriableException(message, { cause: error })
    : new ConnectException(message, { cause: error })
}

const temporary = new Set(['EMFILE', 'ENFILE', 'EIO', 'ESTALE', 'EBUSY', 'EAGAIN', 'EINTR', 'ETIMEDOUT'])
