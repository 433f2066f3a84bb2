/** Layout of one message in all its versions, as Kafka's message definitions give it. */
export interface MessageLayout {
  /** First and last version that this table describes. */
  readonly versions: readonly [number, number]
  /** First version with compact lengths and tagged fields. */
  readonly flexibleFrom: number
  /** Made anew each time it is asked for. */
  readonly fields: readonly FieldLayout[]
}

export type FieldType =
  'bool' | 'int8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'float64' | 'string' | 'uuid' | 'bytes' | 'records' | 'struct'

export interface FieldLayout {
  readonly name: string
  /** Of the field, or of the array's items. */
  readonly type: FieldType
  readonly array?: true
  /** First and last version that has the field. Default: every one. */
  readonly from?: number
  readonly to?: number
  /** First version that can say null. Default: none. */
  readonly nullableFrom?: number
  /** Number of a tagged field, and the first version that tags it. Default: a field like others. */
  readonly tag?: number
  readonly tagFrom?: number
  /** Of a field that the version does not have, or whose tag was not sent. Default: 0, false, '', no items, a struct of defaults. */
  readonly default?: number | string | boolean | null
  /** Of a struct. */
  readonly fields?: readonly FieldLayout[]
}
