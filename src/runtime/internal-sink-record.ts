import { SinkRecord, type SinkRecordInit } from '../api/sink.ts'
import type { RecordChanges } from '../api/connect-record.ts'
import type { ConsumerRecord } from '../kafka/ports.ts'

/**
 * A sink record with the bytes it was made from, which also its changed copies keep: a report of any of them shows the original.
 * Apache Kafka 4.3, InternalSinkRecord.
 */
export class InternalSinkRecord extends SinkRecord {
  readonly consumed: ConsumerRecord

  constructor(init: SinkRecordInit, consumed: ConsumerRecord, original?: SinkRecord) {
    super(init, original)
    this.consumed = consumed
  }

  override newRecord(changes: RecordChanges): this {
    return new InternalSinkRecord(this.changedInit(changes), this.consumed, this) as this
  }
}
