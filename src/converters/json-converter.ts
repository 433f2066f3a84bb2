import type { ConnectValue } from '../api/data/connect-value.ts'
import { NULL_VALUE, type SchemaAndValue } from '../api/data/schema-and-value.ts'
import type { Schema } from '../api/data/schema.ts'
import type { Converter, HeaderConverter } from '../api/converter.ts'
import { DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { withType } from './converter-config.ts'
import { jsonConverterConfig } from './json-converter-config.ts'
import { compactStruct, EnvelopeReader, type KnownSchema } from './json/envelope-reader.ts'
import { decodeJson, needsDecoding, type JsonBytes } from './json/json-encoding.ts'
import { JsonOutput } from './json/json-output.ts'
import { JsonParseException } from './json/json-parse-exception.ts'
import { JsonReader } from './json/json-reader.ts'
import { JsonScanner } from './json/json-scanner.ts'
import { LruCache } from './json/lru-cache.ts'
import { MISSING, PayloadReader } from './json/payload-reader.ts'
import { PayloadWriter } from './json/payload-writer.ts'
import { readSchema } from './json/schema-reader.ts'
import { writeSchema } from './json/schema-writer.ts'
import { readPlainString, readSchemaless } from './json/schemaless-reader.ts'

/**
 * JSON ↔ Connect data, with or without a schema in each message; also for headers. Bytes are those of Apache Kafka 4.3, JsonConverter.
 *
 * Without schemas an object or array is checked when it is read but parsed only when somebody looks at the value;
 * its text stays beside it as `rawJson`. Bytes returned by `fromConnectData` are overwritten by the next call.
 */
export class JsonConverter implements Converter, HeaderConverter {
  readonly #scanner = new JsonScanner()
  readonly #output = new JsonOutput()
  #hasSchemas = true
  /** `schema.content`; null: none. */
  #fixedSchema: KnownSchema | null = null
  #payloadWriter = new PayloadWriter({ decimalFormat: 'BASE64', replaceNullWithDefault: true })
  #payloadReader = new PayloadReader(true)
  #envelopeReader = new EnvelopeReader(this.#scanner, this.#payloadReader, 0)
  /** Envelopes up to their payload, by schema. */
  #prefixes = new LruCache<Schema | null, Buffer>(0)
  #lastSchema: Schema | null | undefined = undefined

  config(): typeof jsonConverterConfig {
    return jsonConverterConfig
  }

  configure(props: Props, isKey: boolean): void {
    const config = jsonConverterConfig.parse(withType(props, isKey))
    const replaceNullWithDefault = config['replace.null.with.default']
    const decimalFormat = config['decimal.format'].toUpperCase() === 'NUMERIC' ? 'NUMERIC' : 'BASE64'
    this.#hasSchemas = config['schemas.enable']
    this.#payloadWriter = new PayloadWriter({ decimalFormat, replaceNullWithDefault })
    this.#payloadReader = new PayloadReader(replaceNullWithDefault)
    this.#envelopeReader = new EnvelopeReader(this.#scanner, this.#payloadReader, config['schemas.cache.size'])
    this.#prefixes = new LruCache(config['schemas.cache.size'])
    const fixed = this.#hasSchemas ? this.#parseSchema(config['schema.content']) : null
    this.#fixedSchema = fixed === null ? null : this.#envelopeReader.knownSchema(fixed)
  }

  fromConnectData(_topic: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    if (schema === null && value === null) return null
    if (this.#hasSchemas && schema !== this.#lastSchema) this.#useSchema(schema)
    if (typeof value === 'string' && (schema === null || (schema.type === 'STRING' && schema.name === null)))
      return this.#output.string(value)
    return this.#output.json(this.#payloadWriter.write(schema, value))
  }

  /** A struct whose texts are at hand is written from them. */
  fromSchemaAndValue(topic: string, data: SchemaAndValue): Buffer | null {
    const { schema, fieldTexts } = data
    if (schema === null || fieldTexts === undefined || fieldTexts === null) return this.fromConnectData(topic, schema, data.value)
    if (this.#hasSchemas && schema !== this.#lastSchema) this.#useSchema(schema)
    return this.#output.json(this.#payloadWriter.writeTexts(schema, fieldTexts))
  }

  toConnectData(_topic: string, value: Buffer | null): SchemaAndValue {
    if (value === null) return NULL_VALUE
    try {
      return needsDecoding(value) ? this.#readDecoded(decodeJson(value)) : this.#read(value, 0, true)
    } catch (error) {
      if (!(error instanceof JsonParseException)) throw error
      throw new DataException('Converting byte[] to Kafka Connect data failed due to serialization error: ', { cause: error })
    }
  }

  /** @returns bytes of their own, since a record has several headers */
  fromConnectHeader(topic: string, _headerKey: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    const bytes = this.fromConnectData(topic, schema, value)
    return bytes === null ? null : Buffer.from(bytes)
  }

  toConnectHeader(topic: string, _headerKey: string, value: Buffer | null): SchemaAndValue {
    return this.toConnectData(topic, value)
  }

  #readDecoded({ bytes, start, isOriginal }: JsonBytes): SchemaAndValue {
    return this.#read(bytes, start, isOriginal)
  }

  #read(bytes: Buffer, start: number, isOriginal: boolean): SchemaAndValue {
    if (this.#hasSchemas && this.#fixedSchema === null) return this.#envelopeReader.read(bytes, start, isOriginal)
    if (this.#fixedSchema === null && isOriginal) {
      const text = readPlainString(bytes, 0, bytes.length)
      if (text !== null) return { schema: null, value: text, rawJson: bytes }
    }
    const compact = this.#fixedSchema === null ? null : compactStruct(this.#fixedSchema, bytes, start, bytes.length)
    if (compact !== null) return { schema: this.#fixedSchema?.schema ?? null, value: compact, rawJson: null }
    const scanner = this.#scanner
    scanner.reset(bytes)
    const from = scanner.skipSpace(start)
    if (from === bytes.length) return this.#readNothing()
    const to = scanner.value(from)
    const isWhole = scanner.skipSpace(to) === bytes.length
    if (this.#fixedSchema === null) return readSchemaless(scanner, bytes, from, to, isOriginal && isWhole)
    return this.#envelopeReader.payload(this.#fixedSchema, bytes, { start: from, end: to }, isOriginal)
  }

  /** Nothing but white space. */
  #readNothing(): SchemaAndValue {
    const schema = this.#fixedSchema?.schema ?? null
    if (schema === null) return NULL_VALUE
    return { schema, value: this.#payloadReader.read(schema, MISSING), rawJson: null }
  }

  #useSchema(schema: Schema | null): void {
    this.#output.usePrefix(this.#prefixes.get(schema) ?? this.#newPrefix(schema))
    this.#lastSchema = schema
  }

  #newPrefix(schema: Schema | null): Buffer {
    const prefix = Buffer.from(`{"schema":${writeSchema(schema, this.#payloadWriter)},"payload":`)
    this.#prefixes.set(schema, prefix)
    return prefix
  }

  #parseSchema(text: string | null): Schema | null {
    if (text === null || text === '') return null
    try {
      const bytes = Buffer.from(text)
      this.#scanner.reset(bytes)
      this.#scanner.value(0)
      return readSchema(JsonReader.node(bytes, 0, true), this.#payloadReader)
    } catch (error) {
      if (!(error instanceof JsonParseException)) throw error
      throw new DataException('Failed to parse schema in converter config due to serialization error: ', { cause: error })
    }
  }
}
