import type { SinkRecord } from 'standpipe/api'

/** Where the record was read from, for messages. */
export function placeOf({ originalTopic, originalKafkaPartition, originalKafkaOffset }: SinkRecord): string {
  return `${originalTopic}-${originalKafkaPartition}@${originalKafkaOffset}`
}
