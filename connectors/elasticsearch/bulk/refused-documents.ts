import { ConnectException, type ErrantRecordReporter, type Logger } from 'standpipe/api'
import { safeErrorText } from '../client/server-error-text.ts'
import type { ServerError } from './bulk-answer.ts'
import type { BatchPart } from './batch-part.ts'
import type { ItemOutcome } from './item-outcome.ts'
import { ReportingException } from './reporting-exception.ts'
import { TroubleLog } from './trouble-log.ts'
import { placeOf, type WrittenOperation } from './written-operation.ts'

export interface RefusedDocumentsParts {
  readonly reporter: ErrantRecordReporter | null
  readonly behaviorOnMalformed: 'ignore' | 'warn' | 'fail'
  /** Data streams take each id once, so that a replayed record is no news. */
  readonly isDataStream: boolean
  readonly log: Logger
}

/** The server's last word on one operation: it will not be sent again. */
export interface Refusal {
  /** In the part that was sent. */
  readonly index: number
  readonly outcome: Exclude<ItemOutcome, 'passing' | 'missing'>
  readonly status: number
  readonly error: ServerError
}

/** What becomes of documents that the server will not take: counted, reported, or the end of the task. */
export class RefusedDocuments {
  readonly #parts: RefusedDocumentsParts
  readonly #obsolete: TroubleLog
  readonly #conflicts: TroubleLog

  constructor(parts: RefusedDocumentsParts) {
    this.#parts = parts
    this.#obsolete = new TroubleLog(parts.log)
    this.#conflicts = new TroubleLog(parts.log)
  }

  /**
   * Reports what is to be reported; resolves when that is safe.
   * @returns why the task has to fail; null: it need not
   * @throws ConnectException when a report is not tolerated: then nothing of the request counts as written
   */
  async report(part: BatchPart, refusals: readonly Refusal[]): Promise<ConnectException | null> {
    this.#sayMalformed(part, refusals)
    const reports: Promise<void>[] = []
    for (const refusal of refusals) {
      const operation = part.operation(refusal.index)
      if (this.#isReported(operation, refusal)) reports.push(this.#reported(operation, refusal))
    }
    await safe(reports)
    const fatal = refusals.find((refusal) => this.isFatal(refusal))
    if (fatal === undefined) return null
    const cause = new Error(`A document ${placeOf(part.operation(fatal.index))} was refused: ${safeErrorText(fatal.error)}`)
    return new ConnectException('Indexing record failed. Please check DLQ topic for errors.', { cause })
  }

  /** Called at the end of the task: while it runs there is a line a minute. */
  sayTotals(): void {
    const { total: obsolete } = this.#obsolete
    const { total: conflicts } = this.#conflicts
    const { log } = this.#parts
    if (obsolete > 0)
      log.info(`Documents that were there in the version of their record or a newer one, and stayed as they were: ${obsolete}`)
    if (conflicts > 0) log.info(`Records that were left out since another changed their document at the same time: ${conflicts}`)
  }

  isFatal({ outcome }: Refusal): boolean {
    return outcome === 'refused' || (outcome === 'malformed' && this.#parts.behaviorOnMalformed === 'fail')
  }

  #isReported(operation: WrittenOperation, { outcome }: Refusal): boolean {
    switch (outcome) {
      case 'gone':
        return false
      case 'obsolete':
        this.#obsolete.trouble(`A document ${placeOf(operation)}, is there in this version or a newer one; it stays as it is`)
        return false
      case 'conflict':
        if (this.#parts.isDataStream) return false
        this.#conflicts.trouble(`A document ${placeOf(operation)}, was changed by another at the same time; the record is left out`)
        return true
      default:
        return true
    }
  }

  /** One line a request. */
  #sayMalformed(part: BatchPart, refusals: readonly Refusal[]): void {
    const malformed = refusals.filter(({ outcome }) => outcome === 'malformed')
    const [first] = malformed
    if (first === undefined) return
    const { log, behaviorOnMalformed } = this.#parts
    const which = malformed.length === 1 ? 'A document' : `${malformed.length} documents are malformed; the first,`
    const line = `${which} ${placeOf(part.operation(first.index))}, was refused: ${safeErrorText(first.error)}`
    if (behaviorOnMalformed === 'warn') log.warn(`${line}; it is left out`)
    else log.debug(line)
  }

  /** A report that throws at once is told of like one that fails later. */
  #reported(operation: WrittenOperation, { status, error }: Refusal): Promise<void> {
    const { reporter } = this.#parts
    if (reporter === null || operation.record === null) return Promise.resolve()
    try {
      return reporter.report(operation.record, ReportingException.ofDocument(operation, status, error))
    } catch (refused) {
      return Promise.reject(refused instanceof Error ? refused : new Error(String(refused)))
    }
  }
}

async function safe(reports: readonly Promise<void>[]): Promise<void> {
  for (const report of await Promise.allSettled(reports)) {
    if (report.status === 'rejected') throw new ConnectException('Bulk request failed', { cause: report.reason })
  }
}
