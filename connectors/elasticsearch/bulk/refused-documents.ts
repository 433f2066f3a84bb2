import { ConnectException, type ErrantRecordReporter, type Logger } from 'standpipe/api'
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

  constructor(parts: RefusedDocumentsParts) {
    this.#parts = parts
    this.#obsolete = new TroubleLog(parts.log)
  }

  /**
   * Reports what is to be reported; resolves when that is safe.
   * @returns why the task has to fail; null: it need not
   * @throws ConnectException when a report is not tolerated: then nothing of the request counts as written
   */
  async report(part: BatchPart, refusals: readonly Refusal[]): Promise<ConnectException | null> {
    const reports: Promise<void>[] = []
    for (const refusal of refusals) {
      const report = this.#report(part.operation(refusal.index), refusal)
      if (report !== null) reports.push(report)
    }
    await safe(reports)
    const fatal = refusals.find((refusal) => this.isFatal(refusal))
    if (fatal === undefined) return null
    const cause = ReportingException.ofDocument(part.operation(fatal.index), fatal.status, fatal.error)
    return new ConnectException('Indexing record failed. Please check DLQ topic for errors.', { cause })
  }

  isFatal({ outcome }: Refusal): boolean {
    return outcome === 'refused' || (outcome === 'malformed' && this.#parts.behaviorOnMalformed === 'fail')
  }

  #report(operation: WrittenOperation, { outcome, status, error }: Refusal): Promise<void> | null {
    const { log, reporter, behaviorOnMalformed, isDataStream } = this.#parts
    if (outcome === 'gone') return null
    if (outcome === 'obsolete') {
      this.#obsolete.trouble(`${placeOf(operation)} is there in this version or a newer one; it stays as it is`)
      return null
    }
    if (outcome === 'conflict' && isDataStream) return null
    if (outcome === 'conflict') log.warn(`${placeOf(operation)} conflicts with another change (${error.type}); the record is left out`)
    if (outcome === 'malformed' && behaviorOnMalformed === 'warn') {
      log.warn(`${placeOf(operation)} is malformed (${error.type}); the record is left out`)
    }
    if (outcome === 'malformed' && behaviorOnMalformed !== 'warn') log.debug(`${placeOf(operation)} is malformed (${error.type})`)
    return reported(reporter, operation, ReportingException.ofDocument(operation, status, error))
  }
}

/** A report that throws at once is told of like one that fails later. */
function reported(reporter: ErrantRecordReporter | null, { record }: WrittenOperation, error: Error): Promise<void> | null {
  if (reporter === null || record === null) return null
  try {
    return reporter.report(record, error)
  } catch (refused) {
    return Promise.reject(refused instanceof Error ? refused : new Error(String(refused)))
  }
}

async function safe(reports: readonly Promise<void>[]): Promise<void> {
  for (const report of await Promise.allSettled(reports)) {
    if (report.status === 'rejected') throw new ConnectException('Bulk request failed', { cause: report.reason })
  }
}
