import type { Converter, HeaderConverter } from '../api/converter.ts'
import type { ConnectValue } from '../api/data/connect-value.ts'
import { javaClass } from '../api/data/java-class.ts'
import type { SchemaAndValue } from '../api/data/schema-and-value.ts'
import { OPTIONAL_BOOLEAN_SCHEMA, type Schema } from '../api/data/schema.ts'
import { DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { converterConfig, withType } from './converter-config.ts'
import { SerializationException } from './serialization-exception.ts'

const TRUE = Buffer.of(1)
const FALSE = Buffer.of(0)

/** One byte, 1 or 0 ↔ boolean; also for headers. Apache Kafka 4.3, BooleanConverter. */
export class BooleanConverter implements Converter, HeaderConverter {
  config(): typeof converterConfig {
    return converterConfig
  }

  configure(props: Props, isKey: boolean): void {
    converterConfig.parse(withType(props, isKey))
  }

  fromConnectData(_topic: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    if (schema !== null && schema.type !== 'BOOLEAN') throw new DataException(`Invalid schema type for BooleanConverter: ${schema.type}`)
    if (value === null) return null
    if (typeof value === 'boolean') return value ? TRUE : FALSE
    throw new DataException(`BooleanConverter is not compatible with objects of type ${javaClass(value)}`)
  }

  toConnectData(_topic: string, value: Buffer | null): SchemaAndValue {
    return { schema: OPTIONAL_BOOLEAN_SCHEMA, value: value === null ? null : toBoolean(value), rawJson: null }
  }

  fromConnectHeader(topic: string, _headerKey: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    return this.fromConnectData(topic, schema, value)
  }

  toConnectHeader(topic: string, _headerKey: string, value: Buffer | null): SchemaAndValue {
    return this.toConnectData(topic, value)
  }
}

function toBoolean(bytes: Buffer): boolean {
  if (bytes.length === 1 && (bytes[0] === 0 || bytes[0] === 1)) return bytes[0] === 1
  const problem =
    bytes.length === 1
      ? `Unexpected byte received by BooleanDeserializer: ${String(bytes[0])}, expected 0 or 1`
      : `Size of data received by BooleanDeserializer is not 1 but ${String(bytes.length)}`
  throw new DataException('Failed to deserialize boolean: ', { cause: new SerializationException(problem) })
}
