import type { ConfigDef } from './config/config-def.ts'
import type { ConnectValue } from './data/connect-value.ts'
import type { SchemaAndValue } from './data/schema-and-value.ts'
import type { Schema } from './data/schema.ts'
import type { Props } from './props.ts'

/**
 * Bytes ↔ Connect data, for keys or values. One instance a task and side; both methods are synchronous and on the hot path.
 * Apache Kafka 4.3, Converter.
 */
export interface Converter {
  /** The declared keys. Called at any time, also on an instance that is never configured. */
  config(): ConfigDef
  /** Called once. @param props the keys under `key.converter.` or `value.converter.`, prefix removed */
  configure(props: Props, isKey: boolean): void
  /**
   * @returns the bytes to send; null is a null key or a tombstone. May be a view that is overwritten by the next call
   * @throws DataException when the value does not fit its schema or this converter
   */
  fromConnectData(topic: string, schema: Schema | null, value: ConnectValue): Buffer | null
  /**
   * The same of a record's side, for a converter that can use more of it than schema and value, such as `fieldTexts`. Where it is there,
   * it is called in place of `fromConnectData` for records on their way to Kafka that have them.
   */
  fromSchemaAndValue?(topic: string, data: SchemaAndValue): Buffer | null
  /** @throws DataException when the bytes are not what this converter reads */
  toConnectData(topic: string, value: Buffer | null): SchemaAndValue
  /** Called once, when the task has stopped. */
  close?(): void
}

/** Bytes ↔ Connect data, for one header. One instance a task; synchronous. Apache Kafka 4.3, HeaderConverter. */
export interface HeaderConverter {
  /** As Converter's. */
  config(): ConfigDef
  /** Called once. @param props the keys under `header.converter.`, prefix removed @param isKey always false */
  configure(props: Props, isKey: boolean): void
  /**
   * @returns bytes of their own, since a record has several headers; null is a header without value
   * @throws DataException when the value does not fit
   */
  fromConnectHeader(topic: string, headerKey: string, schema: Schema | null, value: ConnectValue): Buffer | null
  /** @throws DataException when the bytes are not what this converter reads */
  toConnectHeader(topic: string, headerKey: string, value: Buffer | null): SchemaAndValue
  /** Called once, when the task has stopped. */
  close?(): void
}
