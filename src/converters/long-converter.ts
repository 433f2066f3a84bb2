import type { ConnectValue } from '../api/data/connect-value.ts'
import { OPTIONAL_INT64_SCHEMA, type Schema } from '../api/data/schema.ts'
import { NumberConverter } from './number-converter.ts'

/** INT64 ↔ eight bytes. Apache Kafka 4.3, LongConverter. */
export class LongConverter extends NumberConverter {
  constructor() {
    super({
      typeName: 'long',
      size: 8,
      schema: OPTIONAL_INT64_SCHEMA,
      accepts: isLong,
      write: (bytes, value) => bytes.writeBigInt64BE(BigInt(value as number | bigint)),
      read: (bytes) => bytes.readBigInt64BE(),
    })
  }
}

/** With a schema a long is a bigint; without one it may be a number. */
function isLong(value: ConnectValue, schema: Schema | null): boolean {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value
  return schema === null && typeof value === 'number' && Number.isSafeInteger(value)
}
