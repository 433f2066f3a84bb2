import { open, rename, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ConnectException } from '../api/errors.ts'
import type { LockFile } from '../api/lock-file.ts'
import type { Logger } from '../api/logger.ts'
import { ensureWritable, followLinks, keepBackup, readIfThere, reasonOf, syncFolder, writeSynced } from './durable-file.ts'
import { isJavaOffsetFile, readJavaOffsetFile } from './java-offset-file.ts'
import type { OffsetBackingStore, OffsetEntry } from './offset-backing-store.ts'
import { encodeCommit, isOffsetJournal, journalHeader, readOffsetJournal } from './offset-journal.ts'
import { lockOffsetFile } from './offset-file-lock.ts'
import { OffsetTable } from './offset-table.ts'

/** A journal is rewritten when it is larger than this and than so many times what it held when it was rewritten last. */
const minCompactionBytes = 1024 * 1024
const compactionRatio = 4

/**
 * Offsets in one file, an append-only journal (offset-journal.ts). The content is in memory; each `set` appends one commit and syncs it. What a
 * failed write left is cut off before the next.
 *
 * Where content is there already it is replaced, never overwritten: when Java's file was found (which is kept as `.bak`), and when the journal has
 * grown much larger than its content. The new content goes to `FILE.tmp`, is synced, and takes the name; at every instant the name leads to
 * a whole file.
 */
export class FileOffsetBackingStore implements OffsetBackingStore {
  #file: string
  readonly #log: Logger
  readonly #table = new OffsetTable()
  #lock: LockFile | null = null
  /** Open for appending; null before the first commit. */
  #journal: FileHandle | null = null
  /** Length of the journal's whole commits; the file is longer after a failed write. */
  #wholeBytes = 0
  #hasTornEnd = false
  /** The journal is rewritten when it is larger than this. */
  #compactionBytes = minCompactionBytes
  /** The end of the write before the next. */
  #writing: Promise<unknown> = Promise.resolve()

  /** @param file the value of `offset.storage.file.filename` */
  constructor(file: string, log: Logger) {
    this.#file = resolve(file)
    this.#log = log
  }

  async start(): Promise<void> {
    this.#file = await followLinks(this.#file)
    const bytes = await this.#lockedContent()
    if (bytes === null) this.#log.info(`Offset file ${this.#file} does not exist yet; sources begin anew`)
    else if (bytes.length === 0) this.#log.warn(`Offset file ${this.#file} is empty; sources begin anew`)
    else if (isOffsetJournal(bytes)) await this.#load(bytes)
    else await this.#importJava(bytes)
  }

  async stop(): Promise<void> {
    await this.#writing
    await this.#closeJournal()
    this.#lock?.release()
    this.#lock = null
  }

  async get(keys: readonly Buffer[]): Promise<readonly (Buffer | null)[]> {
    return keys.map((key) => this.#table.get(key))
  }

  set(entries: readonly OffsetEntry[]): Promise<void> {
    const written = this.#writing.then(() => this.#commit(entries))
    this.#writing = written.catch(() => undefined) // the caller of this set gets the error; the next one goes on
    return written
  }

  async entries(): Promise<readonly OffsetEntry[]> {
    return this.#table.entries()
  }

  async #lockedContent(): Promise<Buffer | null> {
    const exists = (await readIfThere(this.#file)) !== null
    await ensureWritable(exists ? this.#file : dirname(this.#file))
    this.#lock = await lockOffsetFile(this.#file, this.#log)
    return readIfThere(this.#file)
  }

  async #commit(entries: readonly OffsetEntry[]): Promise<void> {
    const resolved = entries.map((entry) => this.#table.resolve(entry))
    try {
      await this.#append(encodeCommit(resolved))
    } catch (error) {
      throw new ConnectException(
        `Cannot write offsets to ${this.#file}: ${reasonOf(error)}. They are kept and written with the next flush`,
        { cause: error },
      )
    }
    for (const entry of resolved) this.#table.put(entry)
    if (this.#wholeBytes > this.#compactionBytes) await this.#compact()
  }

  async #append(commit: Buffer): Promise<void> {
    const journal = await this.#openJournal()
    if (this.#hasTornEnd) await journal.truncate(this.#wholeBytes)
    const bytes = this.#wholeBytes === 0 ? Buffer.concat([journalHeader, commit]) : commit
    this.#hasTornEnd = true
    await journal.appendFile(bytes)
    await journal.datasync()
    if (this.#wholeBytes === 0) await syncFolder(dirname(this.#file))
    this.#hasTornEnd = false
    this.#wholeBytes += bytes.length
  }

  /** Rewrites the journal without what was overwritten. It is as good as before where that fails, so it is tried again only when it has grown. */
  async #compact(): Promise<void> {
    try {
      await this.#replaceWith(this.#table.entries())
    } catch (error) {
      this.#log.warn(`Offset journal ${this.#file} could not be made smaller; it goes on growing`, error)
    }
    this.#compactionBytes = Math.max(minCompactionBytes, compactionRatio * this.#wholeBytes)
  }

  async #replaceWith(entries: readonly OffsetEntry[]): Promise<void> {
    const bytes = Buffer.concat([journalHeader, encodeCommit(entries)])
    const temporary = `${this.#file}.tmp`
    await writeSynced(temporary, bytes)
    await rename(temporary, this.#file)
    await this.#closeJournal()
    this.#wholeBytes = bytes.length
    await syncFolder(dirname(this.#file))
  }

  async #load(bytes: Buffer): Promise<void> {
    const { entries, wholeBytes } = readOffsetJournal(bytes, this.#file)
    for (const entry of entries) this.#table.put(entry)
    this.#wholeBytes = wholeBytes
    this.#compactionBytes = Math.max(minCompactionBytes, compactionRatio * this.#table.bytes)
    if (wholeBytes === bytes.length) return
    this.#log.warn(
      `Offset journal ${this.#file} ends with ${bytes.length - wholeBytes} bytes of an unfinished commit, which are cut off: the worker was stopped while it wrote them, and nothing that was committed is lost`,
    )
    this.#hasTornEnd = true
  }

  async #importJava(bytes: Buffer): Promise<void> {
    if (!isJavaOffsetFile(bytes)) throw unknownFile(bytes, this.#file)
    const entries = readJavaOffsetFile(bytes, this.#file)
    for (const entry of entries) this.#table.put(entry)
    try {
      const backup = await keepBackup(this.#file, bytes)
      await this.#replaceWith(this.#table.entries())
      this.#log.info(
        `Imported ${entries.length} offsets from Kafka Connect's file ${this.#file}, which is kept as ${backup}. 'standpipe offsets export --format java' writes such a file again`,
      )
    } catch (error) {
      throw new ConnectException(
        `Cannot replace Kafka Connect's offset file ${this.#file} by a journal: ${reasonOf(error)}. Its directory must be writable`,
        { cause: error },
      )
    }
  }

  async #openJournal(): Promise<FileHandle> {
    this.#journal ??= await open(this.#file, 'a')
    return this.#journal
  }

  async #closeJournal(): Promise<void> {
    const journal = this.#journal
    this.#journal = null
    await journal?.close()
  }
}

function unknownFile(bytes: Buffer, file: string): ConnectException {
  const header = bytes.subarray(0, 4).toString('hex').toUpperCase()
  return new ConnectException(
    `java.io.StreamCorruptedException: invalid stream header: ${header}. ${file} is neither an offset journal nor an offset file of Kafka Connect, as its first bytes show. Name another file in offset.storage.file.filename, or move this one away to start without offsets`,
  )
}
