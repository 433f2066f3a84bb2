import type { Stats } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConnectException } from '../../api/errors.ts'
import { syncFolder } from '../../offsets/durable-file.ts'
import type { Outage } from '../outage.ts'
import { throughOutage } from '../through-outage.ts'
import type { ErrorMetrics } from './error-metrics.ts'
import { faultKindOf } from './fault-kind.ts'

/** Failed records may hold anything: only the worker's user reads them, unless the file was there with other rights. */
const newFileMode = 0o600
const lineEnd = Buffer.from('\n')

interface DeadLetterFileParts {
  readonly path: string
  readonly metrics: ErrorMetrics
  readonly outage: Outage
  /** Ends the wait for a full disk. */
  readonly signal: AbortSignal
}

/** The file as it was opened, to notice that its name now leads elsewhere. */
interface OpenFile {
  readonly handle: FileHandle
  readonly at: Stats
}

/** Lines that are written and synced together. */
class Group {
  readonly lines: string[] = []
  readonly safe = Promise.withResolvers<void>()
}

/**
 * Appends lines to a file and syncs them: one write and one sync for all that came while the last ones were under way. Other tasks and
 * processes may append to the same file, since each write is whole lines at the file's end.
 * A line that a crash or a full disk cut off is ended before anything follows it. A full disk is waited for, and what was being written is
 * written again, so that lines may come twice. A file that was renamed or removed is created anew.
 */
export class DeadLetterFile {
  readonly #parts: DeadLetterFileParts
  #file: OpenFile | null = null
  #next: Group | null = null
  #running: Promise<void> | null = null

  constructor(parts: DeadLetterFileParts) {
    this.#parts = parts
  }

  /** Called when the task starts, so that a wrong name fails it then. @throws ConnectException when the file cannot be appended to */
  async open(): Promise<void> {
    try {
      await this.#opened()
    } catch (error) {
      if (faultKindOf(error) !== 'system') throw this.#cannotWrite(error) // else the first line waits for it
    }
  }

  /** @returns resolves when the line is on the disk @throws ConnectException when the file cannot be written, or the task stops before */
  append(line: string): Promise<void> {
    this.#next ??= new Group()
    this.#next.lines.push(line)
    const { promise } = this.#next.safe
    this.#running ??= this.#run()
    return promise
  }

  async close(): Promise<void> {
    await this.#running
    await this.#closeFile()
  }

  async #run(): Promise<void> {
    for (let group = this.#take(); group !== null; group = this.#take()) {
      const { lines, safe } = group
      const bytes = Buffer.from(lines.join(''))
      const { outage, signal, path } = this.#parts
      const doing = `Writing ${lines.length} records to the dead letter queue file ${path}`
      await throughOutage({ outage, signal, doing }, () => this.#attempt(bytes, lines.length)).then(safe.resolve, (error: unknown) =>
        safe.reject(this.#cannotWrite(error)),
      )
    }
    this.#running = null
  }

  #take(): Group | null {
    const group = this.#next
    this.#next = null
    return group
  }

  async #attempt(bytes: Buffer, records: number): Promise<void> {
    try {
      await this.#write(bytes)
    } catch (error) {
      this.#parts.metrics.recordDeadLetterQueueProduceFailed(records)
      await this.#closeFile() // what a failed sync left unwritten is not written by the next one
      throw error
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const { handle } = await this.#opened()
    const size = await regularSize(handle)
    const isTorn = size !== null && size > 0 && !(await endsWithLine(handle, size))
    await writeAtOnce(handle, isTorn ? Buffer.concat([lineEnd, bytes]) : bytes)
    if (size !== null) await handle.datasync() // pipes and devices have nothing to sync
  }

  async #opened(): Promise<OpenFile> {
    const { path } = this.#parts
    if (this.#file !== null && (await isStillThere(path, this.#file.at))) return this.#file
    await this.#closeFile()
    const handle = await open(path, 'a+', newFileMode)
    this.#file = { handle, at: await handle.stat() }
    if (this.#file.at.isFile() && this.#file.at.size === 0) await syncFolder(dirname(path))
    return this.#file
  }

  async #closeFile(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.handle.close()
  }

  #cannotWrite(error: unknown): ConnectException {
    const reason = error instanceof Error ? error.message : String(error)
    const advice = 'Create its folder and let the worker write there, or change errors.deadletterqueue.file'
    return new ConnectException(
      `Failed records could not be written to the dead letter queue file ${this.#parts.path}, and their offsets are not stored: ${reason}. ${advice}.`,
      { cause: error },
    )
  }
}

/** In one system call, so that no other task's lines come between. */
async function writeAtOnce(handle: FileHandle, bytes: Buffer): Promise<void> {
  const { bytesWritten } = await handle.write(bytes)
  if (bytesWritten === bytes.length) return
  throw Object.assign(new Error(`only ${bytesWritten} of ${bytes.length} bytes could be written`), { code: 'ENOSPC' })
}

async function isStillThere(path: string, opened: Stats): Promise<boolean> {
  try {
    const { dev, ino } = await stat(path)
    return dev === opened.dev && ino === opened.ino
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

/** Null: a pipe or a device. */
async function regularSize(handle: FileHandle): Promise<number | null> {
  const stats = await handle.stat()
  return stats.isFile() ? stats.size : null
}

async function endsWithLine(handle: FileHandle, size: number): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  return bytesRead === 1 && buffer.equals(lineEnd)
}
