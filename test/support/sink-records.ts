import { SinkRecord } from 'standpipe/api'

/** Records of one partition with these values, without schema. */
export function sinkRecords(values: readonly (string | null)[], firstOffset = 0): SinkRecord[] {
  return values.map(
    (value, index) =>
      new SinkRecord({ topic: 't', kafkaPartition: 0, kafkaOffset: firstOffset + index, timestampType: 'CreateTime', value }),
  )
}
