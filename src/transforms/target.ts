import type { ConnectRecord } from '../api/connect-record.ts'
import type { SchemaAndValue } from '../api/data/schema-and-value.ts'
import type { Headers } from '../api/header/headers.ts'

/** The side of a record that a transformation works on: the `$Key` or the `$Value` of its class name. */
export interface Target {
  data(record: ConnectRecord): SchemaAndValue
  /** The record with that side changed; the other side is not looked at. */
  withData<R extends ConnectRecord>(record: R, data: SchemaAndValue, headers?: Headers): R
}

export const keyTarget: Target = {
  data: (record) => record.keyData,
  withData: (record, keyData, headers = record.headers) => record.newRecord({ keyData, headers }),
}

export const valueTarget: Target = {
  data: (record) => record.valueData,
  withData: (record, valueData, headers = record.headers) => record.newRecord({ valueData, headers }),
}

const OBJECT = 0x7b
const ARRAY = 0x5b

/** Whether there is no value. JSON objects and arrays that nobody has parsed yet stay unparsed. */
export function isNull(data: SchemaAndValue): boolean {
  const first = data.rawJson?.[0]
  return first !== OBJECT && first !== ARRAY && data.value === null
}
