import { ConfigDef } from '../api/config/config-def.ts'
import type { Converter, HeaderConverter } from '../api/converter.ts'
import type { ConnectValue } from '../api/data/connect-value.ts'
import { javaText } from '../api/data/java-text.ts'
import { NULL_VALUE, type SchemaAndValue } from '../api/data/schema-and-value.ts'
import { OPTIONAL_STRING_SCHEMA, type Schema } from '../api/data/schema.ts'
import type { Props } from '../api/props.ts'
import { charsetByName, type Charset } from './charset.ts'
import { converterDeclarations, withType } from './converter-config.ts'
import { SerializationException } from './serialization-exception.ts'
import { TextOutput } from './text-output.ts'

export const stringConverterConfig = new ConfigDef({
  ...converterDeclarations,
  'converter.encoding': {
    type: 'string',
    default: 'UTF-8',
    importance: 'high',
    width: 'medium',
    displayName: 'Encoding',
    doc: 'Name of the character encoding of the bytes.',
  },
})

/**
 * Text ↔ Connect data; also for headers. Writes any value as Java's `toString` shows it, reads optional strings.
 * Apache Kafka 4.3, StringConverter. Bytes returned by `fromConnectData` are overwritten by the next call.
 */
export class StringConverter implements Converter, HeaderConverter {
  readonly #output = new TextOutput()
  /** Null: UTF-8. */
  #charset: Charset | null = null

  config(): typeof stringConverterConfig {
    return stringConverterConfig
  }

  /** @throws SerializationException when the encoding is not known */
  configure(props: Props, isKey: boolean): void {
    const name = stringConverterConfig.parse(withType(props, isKey))['converter.encoding']
    const charset = charsetByName(name)
    if (charset === null) throw new SerializationException(`Unsupported encoding ${name}`)
    this.#charset = charset.isUtf8 ? null : charset
  }

  fromConnectData(_topic: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    if (value === null) return null
    const text = typeof value === 'string' ? value : javaText(value, schema)
    return this.#charset === null ? this.#output.write(text) : this.#charset.encode(text)
  }

  toConnectData(_topic: string, value: Buffer | null): SchemaAndValue {
    if (value === null) return NULL_STRING
    const text = this.#charset === null ? value.toString('utf8') : this.#charset.decode(value)
    return { schema: OPTIONAL_STRING_SCHEMA, value: text, rawJson: null }
  }

  /** @returns bytes of their own, since a record has several headers */
  fromConnectHeader(topic: string, _headerKey: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    const bytes = this.fromConnectData(topic, schema, value)
    return bytes === null ? null : Buffer.from(bytes)
  }

  toConnectHeader(topic: string, _headerKey: string, value: Buffer | null): SchemaAndValue {
    return this.toConnectData(topic, value)
  }
}

const NULL_STRING: SchemaAndValue = Object.freeze({ ...NULL_VALUE, schema: OPTIONAL_STRING_SCHEMA })
