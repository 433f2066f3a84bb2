import { SinkRecord, type SinkRecordInit } from '../../src/api/sink.ts'
import { SourceRecord, type SourceRecordInit } from '../../src/api/source.ts'

/** A record of topic t at 2-42, or with these parts. */
export function sinkRecord(parts: Partial<SinkRecordInit>): SinkRecord {
  return new SinkRecord({
    topic: 't',
    kafkaPartition: 2,
    kafkaOffset: 42,
    timestampType: 'CreateTime',
    timestamp: 1_700_000_000_123,
    ...parts,
  })
}

/** A record for topic t, or with these parts. */
export function sourceRecord(parts: Partial<SourceRecordInit>): SourceRecord {
  return new SourceRecord({ topic: 't', sourcePartition: { p: 1 }, sourceOffset: { o: 1 }, ...parts })
}
