import { SinkRecord, type ConnectStruct } from 'standpipe/api'
import type { RecordContent } from './record-content.ts'

/** What a record asks for: a row or a delete as its content says, an empty table, or nothing. */
export type RecordTask = 'change' | 'truncate' | 'nothing'

/** Looks at one record after another. */
export interface ContentReader {
  /** Of the record read last. */
  readonly content: RecordContent
  /** Where a change event comes from; null: the record is none. */
  readonly source: ConnectStruct | null
  read(record: SinkRecord): RecordTask
}

const noRecord = new SinkRecord({ topic: '', kafkaPartition: 0, kafkaOffset: 0, timestampType: 'NoTimestampType' })

/** An object for `read` to fill. */
export function emptyContent(): RecordContent {
  return { record: noRecord, keySchema: null, key: null, valueSchema: null, value: null, isDelete: true }
}

/** Key and value of a record are the row. */
export class PlainReader implements ContentReader {
  readonly content = emptyContent()
  readonly source = null

  read(record: SinkRecord): RecordTask {
    const { content } = this
    content.record = record
    content.keySchema = record.keySchema
    content.key = record.key
    content.valueSchema = record.valueSchema
    content.value = record.value
    content.isDelete = content.value === null
    return 'change'
  }
}
