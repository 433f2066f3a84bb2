import { inspect } from 'node:util'
import { ConnectException } from '../../api/errors.ts'
import type { KafkaError } from '../../kafka/errors.ts'
import type { SubmittedRecord } from '../submitted-records.ts'

/** Kafka's names of what can be wrong with one record: its size, time, topic name or partition, or what the broker's plugins check. */
const recordFaults: ReadonlySet<string> = new Set([
  'RECORD_TOO_LARGE',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_REQUEST',
])

/**
 * Whether Kafka refused this record and would take others. Java tolerates whatever a send fails with (Apache Kafka 4.3,
 * WorkerSourceTask#producerSendFailed): with errors.tolerance=all a missing permission or a producer that was fenced skips everything.
 */
export function isRecordRefusal(error: KafkaError): boolean {
  return recordFaults.has(error.code)
}

/** The error that fails a task over a record that Kafka did not take: Connect's sentence, then the record's place and what can be done. */
export function unrecoverableSend({ topic, partition, offset }: SubmittedRecord, cause: KafkaError): ConnectException {
  const place = `the record for topic ${topic} that ends at ${shown(offset)} of ${shown(partition)}`
  const advice = isRecordRefusal(cause) ? ', or set errors.tolerance=all to skip such records' : ''
  return new ConnectException(
    `Unrecoverable exception from producer send callback: Kafka did not take ${place}. ${cause.message} ` +
      `Mend what Kafka complains of (client keys are set by producer.override.…) and restart the task${advice}`,
    { cause },
  )
}

function shown(value: unknown): string {
  return inspect(value, { breakLength: Infinity })
}
