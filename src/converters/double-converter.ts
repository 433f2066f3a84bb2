import { OPTIONAL_FLOAT64_SCHEMA } from '../api/data/schema.ts'
import { isFloating, NumberConverter } from './number-converter.ts'

/** FLOAT64 ↔ eight bytes. Apache Kafka 4.3, DoubleConverter. */
export class DoubleConverter extends NumberConverter {
  constructor() {
    super({
      typeName: 'double',
      size: 8,
      schema: OPTIONAL_FLOAT64_SCHEMA,
      accepts: isFloating,
      write: (bytes, value) => bytes.writeDoubleBE(Number(value)),
      read: (bytes) => bytes.readDoubleBE(),
    })
  }
}
