import type { Double } from './double.ts'
import type { Decimal } from './decimal.ts'

/**
 * What a Connect field holds in JavaScript.
 *
 * | Connect | here |
 * | --- | --- |
 * | INT8, INT16, INT32, FLOAT32, FLOAT64 | `number` |
 * | INT64 | `bigint` with a schema; without one a `number` up to 2^53, else a `bigint` |
 * | BOOLEAN, STRING | `boolean`, `string` |
 * | BYTES | `Buffer` |
 * | ARRAY | array |
 * | MAP | `Map` with a schema; a plain object without one |
 * | STRUCT | plain object, one own property a field |
 * | Decimal | `Decimal`: unscaled `bigint` and scale |
 * | Date, Time, Timestamp | `Date` |
 *
 * Without a schema a double that has no fraction is a `Double`, so that `1.0` stays different from `1`.
 * Field names are data: look them up with `Object.hasOwn`, create odd ones (`__proto__`) with `Object.defineProperty`.
 */
export type ConnectValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | Date
  | Double
  | Decimal
  | readonly ConnectValue[]
  | ReadonlyMap<ConnectValue, ConnectValue>
  | ConnectStruct

/** A struct's value, or a schemaless map: plain own properties. */
export interface ConnectStruct {
  readonly [field: string]: ConnectValue | undefined
}
