import { OPTIONAL_INT16_SCHEMA } from '../api/data/schema.ts'
import { isWhole, NumberConverter } from './number-converter.ts'

/** INT16 ↔ two bytes. Apache Kafka 4.3, ShortConverter. */
export class ShortConverter extends NumberConverter {
  constructor() {
    super({
      typeName: 'short',
      size: 2,
      schema: OPTIONAL_INT16_SCHEMA,
      accepts: (value, schema) => isWhole(value, schema, 16),
      write: (bytes, value) => bytes.writeInt16BE(Number(value)),
      read: (bytes) => bytes.readInt16BE(),
    })
  }
}
