import { ConnectException } from 'standpipe/api'
import type { BulkOperation } from '../bulk-operation.ts'
import { nestedErrorText } from '../client/server-error-text.ts'
import type { ServerError } from './bulk-answer.ts'

/** What a document that the server refuses is reported with, to log and dead letter queue. */
export class ReportingException extends ConnectException {
  static override readonly javaName = 'io.confluent.connect.elasticsearch.ElasticsearchClient$ReportingException'

  /** The cause names the place, which Java's sentence does not. */
  static ofDocument(operation: BulkOperation, status: number, error: ServerError): ReportingException {
    const why = new Error(`${placeOf(operation)} was refused with status ${status}: ${error.type}: ${error.reason}`)
    return new ReportingException(`Indexing failed: ${nestedErrorText(error)}`, { cause: why })
  }
}

/** Such as `Document 7 of index t (from topic-0@12)`. */
export function placeOf({ record, id, index }: BulkOperation): string {
  const { originalTopic, originalKafkaPartition, originalKafkaOffset } = record
  const document = id === null ? 'A document' : `Document ${id}`
  return `${document} of index ${index} (from ${originalTopic}-${originalKafkaPartition}@${originalKafkaOffset})`
}
