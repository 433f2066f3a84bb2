import type { ConnectValue, Schema, SinkRecord } from 'standpipe/api'

/** What a record says about a row. One object serves for record after record: it is looked at and not kept. */
export interface RecordContent {
  record: SinkRecord
  keySchema: Schema | null
  key: ConnectValue
  valueSchema: Schema | null
  value: ConnectValue
  /** The row of the key is to be deleted: there is no value, or it is what the row was. */
  isDelete: boolean
}
