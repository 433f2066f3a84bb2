import type { Converter, HeaderConverter } from '../api/converter.ts'
import type { ConnectValue } from '../api/data/connect-value.ts'
import { javaClass } from '../api/data/java-class.ts'
import type { SchemaAndValue } from '../api/data/schema-and-value.ts'
import type { Schema } from '../api/data/schema.ts'
import { DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { converterConfig, withType } from './converter-config.ts'
import { SerializationException } from './serialization-exception.ts'

/** How one of Java's number classes is written, big-endian. */
export interface NumberFormat {
  /** As messages name it: `integer`. */
  readonly typeName: string
  readonly size: number
  /** Of the values read. */
  readonly schema: Schema
  /** Whether Java would have this class. The schema is only looked at where the value alone does not tell. */
  accepts(value: ConnectValue, schema: Schema | null): boolean
  write(bytes: Buffer, value: ConnectValue): void
  read(bytes: Buffer): number | bigint
}

/** Fixed-size numbers ↔ Connect data; also for headers. Each kind is a class of its own. Apache Kafka 4.3, NumberConverter. */
export abstract class NumberConverter implements Converter, HeaderConverter {
  readonly #format: NumberFormat

  constructor(format: NumberFormat) {
    this.#format = format
  }

  config(): typeof converterConfig {
    return converterConfig
  }

  configure(props: Props, isKey: boolean): void {
    converterConfig.parse(withType(props, isKey))
  }

  fromConnectData(_topic: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    if (value === null) return null
    const { typeName, size } = this.#format
    if (!this.#format.accepts(value, schema)) throw new DataException(`Failed to serialize to ${typeName} (was ${javaClass(value)}): `)
    const bytes = Buffer.allocUnsafe(size)
    this.#format.write(bytes, value)
    return bytes
  }

  toConnectData(_topic: string, value: Buffer | null): SchemaAndValue {
    return { schema: this.#format.schema, value: value === null ? null : this.#read(value), rawJson: null }
  }

  fromConnectHeader(topic: string, _headerKey: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    return this.fromConnectData(topic, schema, value)
  }

  toConnectHeader(topic: string, _headerKey: string, value: Buffer | null): SchemaAndValue {
    return this.toConnectData(topic, value)
  }

  #read(bytes: Buffer): number | bigint {
    const { typeName, size } = this.#format
    if (bytes.length === size) return this.#format.read(bytes)
    const cause = new SerializationException(`Size of data received is not ${String(size)} but ${String(bytes.length)}`)
    throw new DataException(`Failed to deserialize ${typeName}: `, { cause })
  }
}

/** A whole number of that many bits, where the schema does not say that it is a long or has a fraction. */
export function isWhole(value: ConnectValue, schema: Schema | null, bits: 16 | 32): boolean {
  if (typeof value !== 'number' || schema?.type === 'FLOAT32' || schema?.type === 'FLOAT64') return false
  return bits === 16 ? (value << 16) >> 16 === value : (value | 0) === value
}

/** A number that is not declared to be whole. */
export function isFloating(value: ConnectValue, schema: Schema | null): boolean {
  if (value instanceof Number) return true
  return typeof value === 'number' && schema?.type.startsWith('INT') !== true
}
