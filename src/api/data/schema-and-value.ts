import type { ConnectValue } from './connect-value.ts'
import type { Schema } from './schema.ts'
import type { FieldTexts } from './text-struct.ts'

/**
 * A value with its schema: what a converter returns, and one side (key or value) of a record.
 * `value` may be a getter that parses on first use; such a getter must not throw, so a converter
 * checks the bytes before it returns one.
 */
export interface SchemaAndValue {
  /** Null: schemaless. */
  readonly schema: Schema | null
  readonly value: ConnectValue
  /**
   * The JSON text this value was read from, when it is exactly one JSON value and nothing was lost by keeping it: a sink that writes
   * JSON passes it on as it is. In one line: line breaks between the tokens are spaces. Null or absent where there is none.
   * A view: copy what outlives the batch.
   */
  readonly rawJson?: Buffer | null
  /** The fields of a struct as texts, where its source has them; null or absent elsewhere. See `TextStruct`. */
  readonly fieldTexts?: FieldTexts | null
}

/** No schema and no value: the key of an unkeyed record, the value of a tombstone. */
export const NULL_VALUE: SchemaAndValue = Object.freeze({ schema: null, value: null, rawJson: null })
