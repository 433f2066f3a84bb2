import type { ConnectStruct } from '../../api/data/connect-value.ts'
import type { SchemaAndValue } from '../../api/data/schema-and-value.ts'
import type { Schema } from '../../api/data/schema.ts'
import { DataException } from '../../api/errors.ts'
import { CompactStructReader } from './compact-struct-reader.ts'
import { JsonReader, type JsonNode } from './json-reader.ts'
import type { JsonScanner } from './json-scanner.ts'
import { LruCache } from './lru-cache.ts'
import { needsNumberTexts, type PayloadReader } from './payload-reader.ts'
import { readSchema } from './schema-reader.ts'
import { readPlainString, readSchemaless } from './schemaless-reader.ts'

const [COMMA, LEFT_BRACE, RIGHT_BRACE] = [44, 123, 125] as const

/** A schema as read from an envelope, with what is worth knowing about it. */
export interface KnownSchema {
  readonly schema: Schema | null
  readonly needsNumberTexts: boolean
  /** For a struct as converters write it. */
  readonly compact: CompactStructReader | null
}

interface Span {
  readonly start: number
  readonly end: number
}

/** Where an envelope's two members are. */
interface Envelope {
  readonly schema: Span
  readonly payload: Span
}

/**
 * Reads `{"schema":…,"payload":…}`. The text up to the payload is compared with that of the record before: where it is the same,
 * the schema is known and only the payload is looked at. Other schemas are cached by their text.
 */
export class EnvelopeReader {
  readonly #scanner: JsonScanner
  readonly #payloads: PayloadReader
  readonly #schemas: LruCache<string, KnownSchema>
  #lastPrefix: Buffer | null = null
  #lastSchema: KnownSchema = { schema: null, needsNumberTexts: false, compact: null }

  constructor(scanner: JsonScanner, payloads: PayloadReader, cacheSize: number) {
    this.#scanner = scanner
    this.#payloads = payloads
    this.#schemas = new LruCache(cacheSize)
  }

  /** @param start where the text begins @param isOriginal see readSchemaless */
  read(bytes: Buffer, start: number, isOriginal: boolean): SchemaAndValue {
    const scanner = this.#scanner
    scanner.reset(bytes)
    if (start === 0 && this.#hasLastPrefix(bytes)) {
      const prefixEnd = this.#lastPrefix?.length ?? 0
      const value = this.#compactPayload(bytes, prefixEnd) ?? this.#plainString(bytes, prefixEnd)
      if (value !== null) return { schema: this.#lastSchema.schema, value, rawJson: null }
      const from = scanner.skipSpace(prefixEnd)
      const to = scanner.value(from, 1)
      if (scanner.byteAt(scanner.skipSpace(to)) === RIGHT_BRACE)
        return this.payload(this.#lastSchema, bytes, { start: from, end: to }, isOriginal)
      scanner.reset(bytes)
    }
    return this.#readWhole(bytes, start, isOriginal)
  }

  /** Reads a payload that the scanner has accepted. */
  payload(known: KnownSchema, bytes: Buffer, span: Span, isOriginal: boolean): SchemaAndValue {
    const { schema } = known
    if (schema === null) return readSchemaless(this.#scanner, bytes, span.start, span.end, isOriginal)
    const isParsed = this.#scanner.isExact && !known.needsNumberTexts
    const node = isParsed
      ? (JSON.parse(bytes.toString('utf8', span.start, span.end)) as JsonNode)
      : JsonReader.node(bytes, span.start, this.#scanner.isWellFormed)
    return { schema, value: this.#payloads.read(schema, node), rawJson: null }
  }

  #hasLastPrefix(bytes: Buffer): boolean {
    const prefix = this.#lastPrefix
    return prefix !== null && bytes.length > prefix.length && prefix.compare(bytes, 0, prefix.length) === 0
  }

  /** The common case of a struct in the order of its schema and nothing behind the envelope; null: anything else. */
  #compactPayload(bytes: Buffer, from: number): ConnectStruct | null {
    const end = bytes.length - 1
    return bytes[end] === RIGHT_BRACE ? compactStruct(this.#lastSchema, bytes, from, end) : null
  }

  /** The common case of a string payload and nothing behind the envelope; null: anything else. */
  #plainString(bytes: Buffer, from: number): string | null {
    const { schema } = this.#lastSchema
    const end = bytes.length - 1
    const mayBe = schema?.type === 'STRING' && schema.name === null && bytes[end] === RIGHT_BRACE && from < end - 1
    return mayBe ? readPlainString(bytes, from, end) : null
  }

  #readWhole(bytes: Buffer, start: number, isOriginal: boolean): SchemaAndValue {
    const envelope = this.#split(bytes, start)
    if (envelope === null) throw notAnEnvelope()
    const known = this.#schema(bytes, envelope.schema)
    const { payload } = envelope
    if (start === 0 && isOriginal && envelope.schema.end < payload.start) {
      this.#lastPrefix = Buffer.from(bytes.subarray(0, payload.start))
      this.#lastSchema = known
    }
    return this.payload(known, bytes, payload, isOriginal)
  }

  /** Checks the text; null when it is JSON but not an envelope. Flags of the scanner tell of the payload, or of more. */
  #split(bytes: Buffer, start: number): Envelope | null {
    const scanner = this.#scanner
    const open = scanner.skipSpace(start)
    if (open === bytes.length) return null
    scanner.value(open)
    return scanner.byteAt(open) === LEFT_BRACE ? this.#members(bytes, open) : null
  }

  #members(bytes: Buffer, open: number): Envelope | null {
    const scanner = this.#scanner
    let schema: Span | null = null
    let payload: Span | null = null
    let at = scanner.skipSpace(open + 1)
    while (scanner.byteAt(at) !== RIGHT_BRACE) {
      if (scanner.byteAt(at) === COMMA) at = scanner.skipSpace(at + 1)
      const name = JsonReader.node(bytes, at, scanner.isWellFormed)
      const valueStart = scanner.skipSpace(scanner.key(at))
      const span: Span = { start: valueStart, end: scanner.value(valueStart, 1) }
      if (name === 'schema') schema = span
      else if (name === 'payload') payload = span
      else return null
      at = scanner.skipSpace(span.end)
    }
    return schema === null || payload === null ? null : { schema, payload }
  }

  #schema(bytes: Buffer, span: Span): KnownSchema {
    const text = bytes.toString('latin1', span.start, span.end)
    const cached = this.#schemas.get(text)
    if (cached !== undefined) return cached
    const known = this.knownSchema(readSchema(JsonReader.node(bytes, span.start, this.#scanner.isWellFormed), this.#payloads))
    this.#schemas.set(text, known)
    return known
  }

  /** A schema with what the reader of payloads needs to know about it. */
  knownSchema(schema: Schema | null): KnownSchema {
    if (schema === null) return { schema, needsNumberTexts: false, compact: null }
    const compact = CompactStructReader.of(schema, this.#payloads.replacesNullWithDefault)
    return { schema, needsNumberTexts: needsNumberTexts(schema), compact }
  }
}

/** The struct that is all of these bytes, if it is written as converters do; null: it needs a closer look. */
export function compactStruct({ compact }: KnownSchema, bytes: Buffer, start: number, end: number): ConnectStruct | null {
  const struct = compact === null ? null : compact.read(bytes, start)
  return struct !== null && compact?.end === end ? struct : null
}

function notAnEnvelope(): DataException {
  return new DataException(
    'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields. ' +
      'If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.',
  )
}
