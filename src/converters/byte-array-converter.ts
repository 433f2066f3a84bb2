import type { Converter, HeaderConverter } from '../api/converter.ts'
import type { ConnectValue } from '../api/data/connect-value.ts'
import { javaClass } from '../api/data/java-class.ts'
import type { SchemaAndValue } from '../api/data/schema-and-value.ts'
import { OPTIONAL_BYTES_SCHEMA, type Schema } from '../api/data/schema.ts'
import { DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { converterConfig, withType } from './converter-config.ts'

/** Passes bytes on as they are, both ways; also for headers. Apache Kafka 4.3, ByteArrayConverter. */
export class ByteArrayConverter implements Converter, HeaderConverter {
  config(): typeof converterConfig {
    return converterConfig
  }

  configure(props: Props, isKey: boolean): void {
    converterConfig.parse(withType(props, isKey))
  }

  fromConnectData(_topic: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    if (schema !== null && schema.type !== 'BYTES') throw new DataException(`Invalid schema type for ByteArrayConverter: ${schema.type}`)
    if (value === null || Buffer.isBuffer(value)) return value
    throw new DataException(`ByteArrayConverter is not compatible with objects of type ${javaClass(value)}`)
  }

  toConnectData(_topic: string, value: Buffer | null): SchemaAndValue {
    return { schema: OPTIONAL_BYTES_SCHEMA, value, rawJson: null }
  }

  fromConnectHeader(topic: string, _headerKey: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    return this.fromConnectData(topic, schema, value)
  }

  toConnectHeader(topic: string, _headerKey: string, value: Buffer | null): SchemaAndValue {
    return this.toConnectData(topic, value)
  }
}
