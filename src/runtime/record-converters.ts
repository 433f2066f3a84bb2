import type { ConnectRecord } from '../api/connect-record.ts'
import type { Converter, HeaderConverter } from '../api/converter.ts'
import type { SchemaAndValue } from '../api/data/schema-and-value.ts'
import { NO_HEADERS, type Headers } from '../api/header/headers.ts'
import type { ConsumerRecord, RecordHeader } from '../kafka/ports.ts'
import type { ProcessingContext } from './errors/processing-context.ts'

/** A converter with the class name that logs and dead letters show. */
export interface NamedConverter<C> {
  readonly className: string
  readonly converter: C
}

const noHeaders: readonly RecordHeader[] = []

/**
 * The three converters of a task. Each method notes its stage in the context and then converts; it throws what the converter throws.
 * Order in Connect: headers, key, value towards Kafka; key, value, headers from it.
 */
export class RecordConverters {
  readonly #key: NamedConverter<Converter>
  readonly #value: NamedConverter<Converter>
  readonly #header: NamedConverter<HeaderConverter>
  readonly #context: ProcessingContext

  constructor(parts: {
    readonly key: NamedConverter<Converter>
    readonly value: NamedConverter<Converter>
    readonly header: NamedConverter<HeaderConverter>
    readonly context: ProcessingContext
  }) {
    this.#key = parts.key
    this.#value = parts.value
    this.#header = parts.header
    this.#context = parts.context
  }

  headersToKafka({ topic, headers }: ConnectRecord): readonly RecordHeader[] {
    if (headers.length === 0) return noHeaders
    this.#context.stage = 'HEADER_CONVERTER'
    this.#context.executing = this.#header.className
    const { converter } = this.#header
    return headers.map(({ key, schema, value }) => ({ key, value: converter.fromConnectHeader(topic, key, schema, value) }))
  }

  keyToKafka({ topic, keyData }: ConnectRecord): Buffer | null {
    this.#context.stage = 'KEY_CONVERTER'
    this.#context.executing = this.#key.className
    return toKafka(this.#key.converter, topic, keyData)
  }

  valueToKafka({ topic, valueData }: ConnectRecord): Buffer | null {
    this.#context.stage = 'VALUE_CONVERTER'
    this.#context.executing = this.#value.className
    return toKafka(this.#value.converter, topic, valueData)
  }

  keyFromKafka({ topic, key }: ConsumerRecord): SchemaAndValue {
    this.#context.stage = 'KEY_CONVERTER'
    this.#context.executing = this.#key.className
    return this.#key.converter.toConnectData(topic, key)
  }

  valueFromKafka({ topic, value }: ConsumerRecord): SchemaAndValue {
    this.#context.stage = 'VALUE_CONVERTER'
    this.#context.executing = this.#value.className
    return this.#value.converter.toConnectData(topic, value)
  }

  headersFromKafka({ topic, headers }: ConsumerRecord): Headers {
    if (headers.length === 0) return NO_HEADERS
    this.#context.stage = 'HEADER_CONVERTER'
    this.#context.executing = this.#header.className
    const { converter } = this.#header
    return headers.map(({ key, value: bytes }) => {
      const { schema, value } = converter.toConnectHeader(topic, key, bytes)
      return { key, schema, value }
    })
  }

  close(): void {
    this.#key.converter.close?.()
    this.#value.converter.close?.()
    this.#header.converter.close?.()
  }
}

function toKafka(converter: Converter, topic: string, data: SchemaAndValue): Buffer | null {
  if (data.fieldTexts === undefined || data.fieldTexts === null || converter.fromSchemaAndValue === undefined)
    return converter.fromConnectData(topic, data.schema, data.value)
  return converter.fromSchemaAndValue(topic, data)
}
