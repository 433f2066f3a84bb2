import { EOL } from 'node:os'
import { javaText, SinkTask, type Props, type SinkRecord } from 'standpipe/api'
import { AppendedFile } from './appended-file.ts'
import { fileStreamSinkConfig } from './config.ts'
import type { LineOutput } from './line-output.ts'
import { StandardOutput } from './standard-output.ts'
import { version } from './version.ts'

/**
 * Appends one line a record: Java's text of the value, `null` for null. A batch is one write; a flush syncs the file.
 * Departures from Apache Kafka 4.3, FileStreamSinkTask, which ignores all errors: a full disk is waited for, other errors fail the task, and
 * a half line that a killed process left is ended before lines are added.
 */
export class FileStreamSinkTask extends SinkTask {
  readonly version = version
  #output: LineOutput | null = null
  /** The batch that `output.unwritten` is the end of. */
  #interrupted: string | null = null

  async start(props: Props): Promise<void> {
    const { file } = fileStreamSinkConfig.parse(props)
    this.#output = file === null || file === '' ? new StandardOutput(process.stdout) : new AppendedFile(file, this.context.log)
    await this.#output.open()
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    const output = this.#output
    if (records.length === 0 || output === null) return
    if (output.unwritten !== null && (await this.#finishInterrupted(output, output.unwritten, records))) return
    try {
      await output.append(Buffer.from(linesOf(records)))
    } catch (error) {
      this.#interrupted = identityOf(records)
      throw error
    }
  }

  override async flush(): Promise<void> {
    await this.#output?.sync()
  }

  async stop(): Promise<void> {
    await this.#output?.close()
  }

  /**
   * Writes what a failed put left over, so that no line stays cut and none is written twice.
   * @returns whether that was this batch, put again
   */
  async #finishInterrupted(output: LineOutput, unwritten: Buffer, records: readonly SinkRecord[]): Promise<boolean> {
    await output.append(unwritten)
    return this.#interrupted === identityOf(records)
  }
}

function linesOf(records: readonly SinkRecord[]): string {
  let lines = ''
  for (const { valueData } of records) {
    const { value } = valueData
    lines += (typeof value === 'string' ? value : javaText(value, valueData.schema)) + EOL
  }
  return lines
}

/** The same for the same records, also when the runtime has made new objects of them. */
function identityOf(records: readonly SinkRecord[]): string {
  const ends = [records[0], records[records.length - 1]]
  const places = ends.map((record) => `${record?.originalTopic}/${record?.originalKafkaPartition}/${record?.originalKafkaOffset}`)
  return `${records.length} ${places.join(' ')}`
}
