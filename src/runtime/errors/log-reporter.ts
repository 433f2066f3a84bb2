import { inspect } from 'node:util'
import type { Logger } from '../../api/logger.ts'
import type { SourceRecord } from '../../api/source.ts'
import { type ConnectorTaskId, taskIdText } from '../connector-task-id.ts'
import type { ErrorMetrics } from './error-metrics.ts'
import type { FailedRecord, RecordFailure } from './processing-context.ts'
import type { ErrorReporter } from './retry-with-tolerance-operator.ts'

/** `errors.log.enable`: one ERROR line a failed record, in Connect's words (Apache Kafka 4.3, LogReporter). */
export class LogReporter implements ErrorReporter {
  readonly #id: ConnectorTaskId
  readonly #log: Logger
  readonly #includeMessages: boolean
  readonly #metrics: ErrorMetrics

  /** @param parts.includeMessages `errors.log.include.messages`: say which record it was */
  constructor(parts: {
    readonly id: ConnectorTaskId
    readonly log: Logger
    readonly includeMessages: boolean
    readonly metrics: ErrorMetrics
  }) {
    this.#id = parts.id
    this.#log = parts.log
    this.#includeMessages = parts.includeMessages
    this.#metrics = parts.metrics
  }

  report({ stage, executing, record, error }: RecordFailure): void {
    const details = this.#includeMessages ? recordText(record) : ''
    const text = `Error encountered in task ${taskIdText(this.#id)}. Executing stage '${stage}' with class '${executing}'${details}.`
    this.#log.error(text, error)
    this.#metrics.recordErrorLogged()
  }
}

/** Keys and values of sink records are never logged. */
function recordText(record: FailedRecord): string {
  if ('source' in record) return `, where source record is = ${sourceRecordText(record.source)}`
  const { topic, partition, offset, timestamp, timestampType } = record.consumed
  const time = timestamp < 0 ? '' : `, timestamp=${timestamp}, timestampType=${timestampType}`
  return `, where consumed record is {topic='${topic}', partition=${partition}, offset=${offset}${time}}`
}

function sourceRecordText(record: SourceRecord): string {
  const shown = (value: unknown) => inspect(value, { breakLength: Infinity, depth: 5 })
  return (
    `SourceRecord{sourcePartition=${shown(record.sourcePartition)}, sourceOffset=${shown(record.sourceOffset)}} ` +
    `ConnectRecord{topic='${record.topic}', kafkaPartition=${record.kafkaPartition}, key=${shown(record.key)}, keySchema=${String(record.keySchema)}, ` +
    `value=${shown(record.value)}, valueSchema=${String(record.valueSchema)}, timestamp=${record.timestamp}, headers=${shown(record.headers)}}`
  )
}
