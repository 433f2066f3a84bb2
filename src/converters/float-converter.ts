import { OPTIONAL_FLOAT32_SCHEMA } from '../api/data/schema.ts'
import { isFloating, NumberConverter } from './number-converter.ts'

/** FLOAT32 ↔ four bytes. Apache Kafka 4.3, FloatConverter. */
export class FloatConverter extends NumberConverter {
  constructor() {
    super({
      typeName: 'float',
      size: 4,
      schema: OPTIONAL_FLOAT32_SCHEMA,
      accepts: isFloating,
      write: (bytes, value) => bytes.writeFloatBE(Number(value)),
      read: (bytes) => bytes.readFloatBE(),
    })
  }
}
