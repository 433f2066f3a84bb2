import { ConnectException } from 'standpipe/api'
import { nestedErrorText } from '../client/server-error-text.ts'
import type { ServerError } from './bulk-answer.ts'
import { placeOf, type WrittenOperation } from './written-operation.ts'

/** What a document that the server refuses is reported with, to log and dead letter queue. */
export class ReportingException extends ConnectException {
  static override readonly javaName = 'io.confluent.connect.elasticsearch.ElasticsearchClient$ReportingException'

  /** The cause names the place, which Java's sentence does not. Without stacks, as in Java: the refusal was made elsewhere, and there may be many. */
  static ofDocument(operation: WrittenOperation, status: number, error: ServerError): ReportingException {
    const id = operation.id === null ? '' : ` ${operation.id}`
    const place = `Document${id} ${placeOf(operation)} was refused with status ${status}: ${error.type}: ${error.reason}`
    return withoutStack(() => new ReportingException(`Indexing failed: ${nestedErrorText(error)}`, { cause: new Error(place) }))
  }
}

function withoutStack<T extends Error>(make: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
