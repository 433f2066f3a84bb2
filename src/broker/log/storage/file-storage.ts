import fs from 'node:fs'
import { open, rename, rm, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from '../../../api/logger.ts'
import type { LogFile, LogFolder, LogVolume } from './log-storage.ts'

/** A folder on disk with one folder for each partition. */
export class FileVolume implements LogVolume {
  readonly name: string
  readonly root: LogFolder
  readonly #log: Logger

  /** @param directory created when it is missing */
  constructor(directory: string, log: Logger) {
    fs.mkdirSync(directory, { recursive: true })
    this.name = directory
    this.#log = log
    this.root = new FileFolder(directory, log)
  }

  folders(): readonly string[] {
    const entries = fs.readdirSync(this.name, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  }

  folder(name: string): LogFolder {
    const directory = path.join(this.name, name)
    fs.mkdirSync(directory, { recursive: true })
    return new FileFolder(directory, this.#log)
  }

  renameFolder(from: string, to: string): void {
    fs.renameSync(path.join(this.name, from), path.join(this.name, to))
  }

  async removeFolder(name: string): Promise<void> {
    await rm(path.join(this.name, name), { recursive: true, force: true })
  }
}

class FileFolder implements LogFolder {
  readonly #directory: string
  readonly #log: Logger

  constructor(directory: string, log: Logger) {
    this.#directory = directory
    this.#log = log
  }

  names(): readonly string[] {
    return fs.readdirSync(this.#directory).sort()
  }

  open(name: string): LogFile {
    return new DiskFile(this.#path(name))
  }

  create(name: string): void {
    fs.closeSync(fs.openSync(this.#path(name), 'a'))
  }

  readAll(name: string): Buffer | null {
    try {
      return fs.readFileSync(this.#path(name))
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    const temporary = this.#path(`${name}.tmp`)
    await writeFile(temporary, bytes, { flush: true })
    await rename(temporary, this.#path(name))
    await this.syncNames()
  }

  rename(from: string, to: string): void {
    try {
      fs.renameSync(this.#path(from), this.#path(to))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  remove(name: string): void {
    fs.rmSync(this.#path(name), { force: true })
  }

  removeLater(name: string): void {
    unlink(this.#path(name)).catch((error: unknown) => {
      if (!isMissing(error)) this.#log.warn(`Could not remove ${this.#path(name)}: it takes room until somebody does`, error)
    })
  }

  async syncNames(): Promise<void> {
    // Windows can neither open nor sync a folder
    if (process.platform === 'win32') return
    await Promise.all([syncFolder(this.#directory), syncFolder(path.dirname(this.#directory))])
  }

  #path(name: string): string {
    return path.join(this.#directory, name)
  }
}

/** A file that is opened when it is first used: old segments that nobody reads cost no descriptor. What was not opened needs no sync. */
class DiskFile implements LogFile {
  readonly #path: string
  #descriptor: number | null = null
  #size: number | null = null
  #sizeAtStart = 0
  #readers = 0
  #isClosed = false
  #isSynced = false

  constructor(file: string) {
    this.#path = file
  }

  get sizeBytes(): number {
    if (this.#size === null) this.#size = this.#sizeAtStart = fs.statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
    return this.#size
  }

  append(bytes: Uint8Array): void {
    const size = this.sizeBytes
    const descriptor = this.#open()
    this.#isSynced = false
    try {
      for (let written = 0; written < bytes.length;)
        written += fs.writeSync(descriptor, bytes, written, bytes.length - written, size + written)
    } catch (error) {
      fs.ftruncateSync(descriptor, size)
      throw error
    }
    this.#size = size + bytes.length
  }

  read(target: Buffer, position: number): number {
    if (this.sizeBytes === 0) return 0
    const descriptor = this.#open()
    let filled = 0
    while (filled < target.length) {
      const count = fs.readSync(descriptor, target, filled, target.length - filled, position + filled)
      if (count === 0) break
      filled += count
    }
    return filled
  }

  async readAsync(target: Buffer, position: number): Promise<number> {
    if (this.sizeBytes === 0) return 0
    const descriptor = this.#open()
    this.#readers++
    try {
      let filled = 0
      while (filled < target.length) {
        const bytesRead = await readAt(descriptor, target, filled, target.length - filled, position + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled
    } finally {
      this.#readers--
      if (this.#isClosed) this.close()
    }
  }

  isWarm(position: number): boolean {
    return this.#size !== null && position >= this.#sizeAtStart
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes >= this.sizeBytes) return
    fs.ftruncateSync(this.#open(), sizeBytes)
    this.#isSynced = false
    this.#size = sizeBytes
  }

  async sync(): Promise<void> {
    if (this.#descriptor === null || this.#isSynced) return
    this.#readers++
    this.#isSynced = true
    try {
      await syncData(this.#descriptor)
    } catch (error) {
      this.#isSynced = false
      throw error
    } finally {
      this.#readers--
      if (this.#isClosed) this.close()
    }
  }

  close(): void {
    this.#isClosed = true
    if (this.#descriptor === null || this.#readers > 0) return
    fs.closeSync(this.#descriptor)
    this.#descriptor = null
  }

  #open(): number {
    if (this.#descriptor !== null) return this.#descriptor
    this.#isClosed = false
    this.#descriptor = fs.openSync(this.#path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644)
    return this.#descriptor
  }
}

function readAt(descriptor: number, target: Buffer, offset: number, length: number, position: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  fs.read(descriptor, target, offset, length, position, (error, bytesRead) => (error === null ? resolve(bytesRead) : reject(error)))
  return promise
}

function syncData(descriptor: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  fs.fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)))
  return promise
}

async function syncFolder(directory: string): Promise<void> {
  const folder = await open(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
