import { OPTIONAL_INT32_SCHEMA } from '../api/data/schema.ts'
import { isWhole, NumberConverter } from './number-converter.ts'

/** INT32 ↔ four bytes. Apache Kafka 4.3, IntegerConverter. */
export class IntegerConverter extends NumberConverter {
  constructor() {
    super({
      typeName: 'integer',
      size: 4,
      schema: OPTIONAL_INT32_SCHEMA,
      accepts: (value, schema) => isWhole(value, schema, 32),
      write: (bytes, value) => bytes.writeInt32BE(Number(value)),
      read: (bytes) => bytes.readInt32BE(),
    })
  }
}
