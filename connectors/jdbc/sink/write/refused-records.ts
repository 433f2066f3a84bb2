import { ConnectException, type ErrantRecordReporter, type Logger, type SinkRecord } from 'standpipe/api'
import { placeOf } from '../record/record-place.ts'

export interface RefusedRecordsParts {
  readonly reporter: ErrantRecordReporter | null
  /** `errors.tolerance=all` */
  readonly isTolerant: boolean
  readonly log: Logger
}

/** What becomes of records that cannot be written: reported, where that is tolerated. */
export class RefusedRecords {
  readonly #parts: RefusedRecordsParts
  #reports: Promise<void>[] = []
  /** A report that did not get through. */
  #failure: Error | null = null

  constructor(parts: RefusedRecordsParts) {
    this.#parts = parts
  }

  get areTolerated(): boolean {
    return this.#parts.isTolerant
  }

  /** @throws ConnectException when bad records are not tolerated: the task fails */
  refuse(record: SinkRecord, error: Error): void {
    const { reporter, isTolerant, log } = this.#parts
    if (!isTolerant) throw failureOf(record, error)
    if (reporter === null) log.warn(`The record at ${placeOf(record)} is left out`, error)
    else
      this.#reports.push(
        reporter
          .report(record, error)
          .catch((refused: unknown) => void (this.#failure ??= refused instanceof Error ? refused : new ConnectException(String(refused)))),
      )
  }

  /** Waits until the reports made so far are safe. @throws the failure of one that is not */
  async safe(): Promise<void> {
    const reports = this.#reports
    this.#reports = []
    await Promise.all(reports)
    if (this.#failure !== null) throw this.#failure
  }
}

/** Java's own sentences stay as they are; what a server says gets the place of the record. */
function failureOf(record: SinkRecord, error: Error): ConnectException {
  if (error instanceof ConnectException && !('sqlState' in error)) return error
  return new ConnectException(`The record at ${placeOf(record)} cannot be written: ${error.message}`, { cause: error })
}
