import { setTimeout as delay } from 'node:timers/promises'
import {
  ConnectException,
  SourceRecord,
  SourceTask,
  STRING_SCHEMA,
  type Props,
  type SourceOffset,
  type SourcePartition,
} from 'standpipe/api'
import { fileStreamSourceConfig } from './config.ts'
import { FollowedFile } from './followed-file.ts'
import { GzipFile } from './gzip-file.ts'
import type { LineInput, ResumePoint } from './line-input.ts'
import { LineSplitter } from './line-splitter.ts'
import { StandardInput } from './standard-input.ts'
import { version } from './version.ts'

/** How long `poll` waits when there is nothing: `waitMs` in all, looking again every `checkMs`. */
export interface IdleWait {
  readonly waitMs: number
  readonly checkMs: number
}

const missingFileWarningMs = 60_000

/**
 * Makes a record of each line: key null, value the line as a required STRING. Source partition `{"filename": FILE}`, source offset
 * `{"position": N}`, the number of bytes up to and with the line's terminator. A last line without terminator is held back until it
 * has one, or until the file has been rotated. Apache Kafka 4.3, FileStreamSourceTask.
 *
 * Departures: Java counts UTF-16 units but resumes by bytes, so it repeats text that is not ASCII; it does not notice rotation and truncation;
 * it holds back whole lines beyond `batch.size` until the file grows. Once a rotation has been seen, offsets also hold `fileKey`, the
 * identity of the file that `position` belongs to, which Java ignores: a restart then finds the rotated file again.
 */
export class FileStreamSourceTask extends SourceTask {
  readonly version = version
  readonly #idle: IdleWait
  readonly #splitter = new LineSplitter()
  #filename: string | null = null
  #topic = ''
  #batchSize = 0
  #partition: SourcePartition = {}
  #input: LineInput | null = null
  #isOpen = false
  #resume: ResumePoint = { position: 0, fileKey: null }
  /** Part of every offset once a rotation has been seen. */
  #fileKey: string | null = null
  #hasRotated = false
  #lastMissingWarning = -Infinity

  constructor(idle: IdleWait = { waitMs: 1000, checkMs: 200 }) {
    super()
    this.#idle = idle
  }

  async start(props: Props): Promise<void> {
    const config = fileStreamSourceConfig.parse(props)
    this.#filename = config.file
    this.#topic = config.topic
    this.#batchSize = Math.max(1, config['batch.size'])
    this.#partition = { filename: config.file }
    this.#input = this.#inputOf(config.file)
    if (!this.#isStandardInput) this.#resume = resumePoint(await this.context.offsetStorageReader.offset(this.#partition))
    this.#hasRotated = this.#resume.fileKey !== null
  }

  async poll(): Promise<readonly SourceRecord[] | null> {
    const { signal } = this.context
    for (let waitedMs = 0; !signal.aborted; waitedMs += this.#idle.checkMs) {
      const records = await this.#nextRecords()
      if (records.length > 0) return records
      if (waitedMs >= this.#idle.waitMs) return this.#lastLineOfEndedFile()
      await delay(this.#idle.checkMs, undefined, { signal }).catch(() => null) // aborted: the loop ends
    }
    return null
  }

  async stop(): Promise<void> {
    await this.#input?.close()
  }

  get #isStandardInput(): boolean {
    return this.#filename === null || this.#filename === ''
  }

  #inputOf(filename: string | null): LineInput {
    if (filename === null || filename === '') return new StandardInput(process.stdin)
    return filename.endsWith('.gz') ? new GzipFile(filename, this.context.log) : new FollowedFile(filename, this.context.log)
  }

  /** Lines that are there now; lines of one chunk at most, so that a batch is never larger than the splitter's buffer. */
  async #nextRecords(): Promise<SourceRecord[]> {
    const records: SourceRecord[] = []
    this.#takeLines(records)
    while (records.length === 0 && (await this.#fill())) this.#takeLines(records)
    return records
  }

  async #fill(): Promise<boolean> {
    const input = this.#input
    if (input === null || !(await this.#ensureOpen(input))) return false
    try {
      return await this.#splitter.fill(input)
    } catch (error) {
      // If it is tried again, then with a newly opened file, and from the start of the line held back.
      this.#resume = { position: this.#splitter.position, fileKey: input.fileKey }
      this.#isOpen = false
      throw error
    }
  }

  async #ensureOpen(input: LineInput): Promise<boolean> {
    if (this.#isOpen) return true
    const position = await input.open(this.#resume)
    if (position === null) {
      this.#warnOfMissingFile()
      return false
    }
    this.#splitter.reset(position)
    this.#fileKey = this.#hasRotated ? input.fileKey : null
    this.#isOpen = true
    return true
  }

  #takeLines(records: SourceRecord[]): void {
    const splitter = this.#splitter
    const timestamp = Date.now()
    while (records.length < this.#batchSize && splitter.next()) {
      records.push(this.#record(splitter.line, this.#offset(splitter.position), timestamp))
    }
  }

  #record(line: string, sourceOffset: SourceOffset, timestamp: number): SourceRecord {
    return new SourceRecord({
      sourcePartition: this.#partition,
      sourceOffset,
      topic: this.#topic,
      valueSchema: STRING_SCHEMA,
      value: line,
      timestamp,
    })
  }

  #offset(position: number): SourceOffset {
    if (this.#isStandardInput) return { position: null }
    return this.#fileKey === null ? { position } : { position, fileKey: this.#fileKey }
  }

  /** When another file has taken the name: what the old one held back, whose line will not be ended any more. Null as long as it may grow. */
  async #lastLineOfEndedFile(): Promise<SourceRecord[] | null> {
    if (!this.#isOpen || this.#input === null || !(await this.#input.hasEnded())) return null
    const rest = this.#splitter.rest()
    this.#resume = { position: 0, fileKey: null }
    this.#hasRotated = true
    this.#isOpen = false
    return rest === null ? null : [this.#record(rest, { position: 0 }, Date.now())]
  }

  #warnOfMissingFile(): void {
    const now = Date.now()
    if (now - this.#lastMissingWarning < missingFileWarningMs) return
    this.#lastMissingWarning = now
    this.context.log.warn(`Couldn't find file ${this.#filename ?? ''} for FileStreamSourceTask, sleeping to wait for it to be created`)
  }
}

/** @throws ConnectException when the stored position is no 64-bit integer */
function resumePoint(offset: SourceOffset | null): ResumePoint {
  if (offset === null) return { position: 0, fileKey: null }
  const { position, fileKey } = offset
  if (position === undefined || position === null) return { position: 0, fileKey: null }
  const bytes = Number(position)
  if (typeof position === 'string' || typeof position === 'boolean' || !Number.isInteger(bytes)) {
    throw new ConnectException('Offset position is the incorrect type')
  }
  return { position: Math.max(0, bytes), fileKey: typeof fileKey === 'string' ? fileKey : null }
}
