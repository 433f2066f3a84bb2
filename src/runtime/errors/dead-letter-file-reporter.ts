import type { ConnectorTaskId } from '../connector-task-id.ts'
import type { DeadLetterFile } from './dead-letter-file.ts'
import { deadLetterLine } from './dead-letter-line.ts'
import type { ErrorMetrics } from './error-metrics.ts'
import type { RecordFailure } from './processing-context.ts'
import type { ErrorReporter } from './retry-with-tolerance-operator.ts'

/** `errors.deadletterqueue.file`: failed records as lines of a file. A report settles when its line is on the disk. */
export class DeadLetterFileReporter implements ErrorReporter {
  readonly keepsRecords = true
  readonly #id: ConnectorTaskId
  readonly #file: DeadLetterFile
  readonly #metrics: ErrorMetrics

  constructor(id: ConnectorTaskId, file: DeadLetterFile, metrics: ErrorMetrics) {
    this.#id = id
    this.#file = file
    this.#metrics = metrics
  }

  report(failure: RecordFailure): Promise<void> {
    this.#metrics.recordDeadLetterQueueProduceRequest()
    return this.#file.append(deadLetterLine(this.#id, failure, Date.now()))
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
