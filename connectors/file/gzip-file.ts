import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ConnectException, RetriableException, type Logger } from 'standpipe/api'
import type { LineInput, ResumePoint } from './line-input.ts'
import { codeOf, reasonOf } from './system-errors.ts'

/**
 * Reads a gzip'd file; positions count uncompressed bytes. A file that ends within its compressed data is still being written: it is read on
 * when it has changed, and so are members appended to a whole one.
 */
export class GzipFile implements LineInput {
  readonly fileKey = null
  readonly #path: string
  readonly #log: Logger
  #source: Readable | null = null
  #chunks: AsyncIterator<Buffer> | null = null
  /** What was decompressed and not handed out. */
  #chunk: Buffer = Buffer.alloc(0)
  #position = 0
  /** Size and time of change of the file when it was opened. */
  #version = ''

  constructor(path: string, log: Logger) {
    this.#path = path
    this.#log = log
  }

  async open({ position }: ResumePoint): Promise<number | null> {
    await this.close()
    const version = await this.#versionNow()
    if (version === null) return null
    this.#version = version
    this.#openStream()
    this.#position = 0
    if (await this.#skip(position)) return position
    this.#log.warn(
      `${this.#path} holds ${this.#position} uncompressed bytes, fewer than the ${position} that were read of it: it was replaced, and is read from its start`,
    )
    return this.open({ position: 0, fileKey: null })
  }

  async read(target: Buffer, start: number): Promise<number> {
    if (!(await this.#hasBytes()) && !(await this.#reopenedIfChanged())) return 0
    const count = this.#chunk.copy(target, start)
    this.#take(count)
    return count
  }

  async hasEnded(): Promise<boolean> {
    return false
  }

  async close(): Promise<void> {
    this.#source?.destroy()
    this.#source = null
    this.#chunks = null
    this.#chunk = Buffer.alloc(0)
  }

  #openStream(): void {
    const compressed = createReadStream(this.#path)
    const gunzip = createGunzip({ chunkSize: 64 * 1024 })
    compressed.on('error', (error) => gunzip.destroy(error))
    gunzip.on('close', () => compressed.destroy())
    this.#source = compressed.pipe(gunzip)
    this.#chunks = gunzip[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  }

  /** Makes `#chunk` hold something. @returns false at the end of what the file has */
  async #hasBytes(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      if (this.#chunks === null) return false
      const next = await this.#nextChunk(this.#chunks)
      if (next === null) this.#chunks = null
      else this.#chunk = next
    }
    return true
  }

  async #nextChunk(chunks: AsyncIterator<Buffer>): Promise<Buffer | null> {
    try {
      const next = await chunks.next()
      return next.done === true ? null : next.value
    } catch (error) {
      if (codeOf(error) === 'Z_BUF_ERROR') return null // the file ends within its compressed data
      throw this.#cannotRead(error)
    }
  }

  async #reopenedIfChanged(): Promise<boolean> {
    const version = await this.#versionNow()
    if (version === null || version === this.#version) return false
    await this.open({ position: this.#position, fileKey: null })
    return this.#hasBytes()
  }

  /** @returns false when there are fewer bytes than that */
  async #skip(count: number): Promise<boolean> {
    while (this.#position < count) {
      if (!(await this.#hasBytes())) return false
      this.#take(Math.min(this.#chunk.length, count - this.#position))
    }
    return true
  }

  #take(count: number): void {
    this.#chunk = this.#chunk.subarray(count)
    this.#position += count
  }

  async #versionNow(): Promise<string | null> {
    try {
      const { ino, size, mtimeMs } = await stat(this.#path)
      return `${ino}-${size}-${mtimeMs}`
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw this.#cannotRead(error)
    }
  }

  #cannotRead(error: unknown): ConnectException {
    const isData = (codeOf(error) ?? '').startsWith('Z_')
    const where = `${this.#path} after ${this.#position} uncompressed bytes: ${reasonOf(error)}`
    if (isData) return new ConnectException(`Cannot decompress ${where}. A name that ends in .gz must hold gzip data`, { cause: error })
    if (codeOf(error) === 'EISDIR')
      return new ConnectException(`${this.#path} is a directory: name a file in the connector's 'file' configuration`, { cause: error })
    if (codeOf(error) === 'EACCES') return new ConnectException(`Cannot read ${where}`, { cause: error })
    return new RetriableException(`Cannot read ${where}. It is tried again`, { cause: error })
  }
}
