import { ConfigDef } from '../api/config/config-def.ts'
import type { ConnectRecord } from '../api/connect-record.ts'
import type { ConnectStruct } from '../api/data/connect-value.ts'
import { NULL_VALUE, type SchemaAndValue } from '../api/data/schema-and-value.ts'
import { STRING_SCHEMA } from '../api/data/schema.ts'
import type { Headers } from '../api/header/headers.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import type { Transformation } from '../api/transformation.ts'
import { parseAddedField, type AddedField } from './envelope/added-field.ts'
import { deleteHandling, reliesOnOldKeys, type DeleteHandling } from './envelope/delete-handling.ts'
import { extractNewRecordStateKeys } from './envelope/envelope-config.ts'
import type { EnvelopeReader, RowState } from './envelope/envelope.ts'
import { isMapEnvelope, mapEnvelopeReader } from './envelope/map-envelope.ts'
import { isEnvelopeSchema, structEnvelopeReader } from './envelope/struct-envelope.ts'
import { fieldOf } from './fields.ts'
import { SchemaCache } from './schema-cache.ts'
import { isNull } from './target.ts'

const config = new ConfigDef(extractNewRecordStateKeys)

/** What `configure` compiles. */
interface Unwrapping {
  readonly deletes: DeleteHandling
  readonly tombstoneHeaders: Headers
  /** Empty: the topic stays. */
  readonly topicField: string
  /** Null: what the value is, it is no envelope. */
  readonly readerOf: (data: SchemaAndValue) => EnvelopeReader | null
}

/**
 * Turns Debezium's envelope of a change into the row: `after`, or `before` where a row was deleted. Other values pass unchanged.
 * Debezium 3, io.debezium.transforms.ExtractNewRecordState; of the same name UnwrapFromEnvelope before 0.10.
 */
export class ExtractNewRecordState implements Transformation {
  #log: Logger | null = null
  #unwrapping: Unwrapping = compile(config.parse({}))
  #hasWarned = false

  config(): ConfigDef {
    return config
  }

  initialize(log: Logger): void {
    this.#log = log
  }

  configure(props: Props): void {
    const parsed = config.parse(props)
    this.#unwrapping = compile(parsed)
    if (!reliesOnOldKeys(parsed)) return
    this.#log?.warn(
      'drop.tombstones, delete.handling.mode and drop.deletes are no keys of Debezium 3, which ignores them. They are obeyed here; set delete.tombstone.handling.mode in their place.',
    )
  }

  apply<R extends ConnectRecord>(record: R): R | null {
    const { valueData } = record
    if (isNull(valueData)) return this.#tombstone(record)
    const reader = this.#unwrapping.readerOf(valueData)
    if (reader === null) return this.#unchanged(record)
    const envelope = valueData.value as ConnectStruct
    const { deletes } = this.#unwrapping
    if (fieldOf(envelope, 'op') === 't') return deletes.dropsTombstones ? null : record
    const row = reader.row(envelope, 'after')
    if (row === null) return this.#deleted(record, reader, envelope)
    return this.#changed(record, reader, envelope, 'after', row)
  }

  #tombstone<R extends ConnectRecord>(record: R): R | null {
    const { deletes, tombstoneHeaders } = this.#unwrapping
    if (deletes.dropsTombstones) return null
    return tombstoneHeaders.length === 0 ? record : record.newRecord({ headers: [...record.headers, ...tombstoneHeaders] })
  }

  #unchanged<R extends ConnectRecord>(record: R): R {
    if (!this.#hasWarned) {
      this.#hasWarned = true
      this.#log?.warn(`A record of topic ${record.topic} is no envelope of Debezium: it is passed on unchanged, and so are others like it.`)
    }
    return record
  }

  #deleted<R extends ConnectRecord>(record: R, reader: EnvelopeReader, envelope: ConnectStruct): R | null {
    const { deletedRow } = this.#unwrapping.deletes
    if (deletedRow === 'drop') return null
    const row = reader.row(envelope, 'before')
    if (deletedRow === 'rewrite' && row !== null) return this.#changed(record, reader, envelope, 'before', row)
    const valueData = deletedRow === 'tombstone' ? NULL_VALUE : reader.deleted()
    return record.newRecord({ topic: this.#topic(record, row), valueData, headers: headersOf(record, reader, envelope) })
  }

  #changed<R extends ConnectRecord>(record: R, reader: EnvelopeReader, envelope: ConnectStruct, state: RowState, row: ConnectStruct): R {
    const valueData = reader.unwrapped(envelope, state, row)
    return record.newRecord({ topic: this.#topic(record, row), valueData, headers: headersOf(record, reader, envelope) })
  }

  #topic(record: ConnectRecord, row: ConnectStruct | null): string {
    const { topicField } = this.#unwrapping
    const topic = topicField === '' || row === null ? null : fieldOf(row, topicField)
    return typeof topic === 'string' && topic.trim() !== '' ? topic : record.topic
  }
}

function headersOf(record: ConnectRecord, reader: EnvelopeReader, envelope: ConnectStruct): Headers {
  const added = reader.headers(envelope)
  return added.length === 0 ? record.headers : [...record.headers, ...added]
}

function compile(parsed: ReturnType<typeof config.parse>): Unwrapping {
  const deletes = deleteHandling(parsed)
  const headers = parsed['add.headers'].map((text) => parseAddedField(text, parsed['add.headers.prefix']))
  const options = {
    fields: parsed['add.fields'].map((text) => parseAddedField(text, parsed['add.fields.prefix'])),
    headers,
    marksDeleted: deletes.deletedRow === 'rewrite',
    replacesNull: parsed['replace.null.with.default'],
  }
  const structs = new SchemaCache((schema) => ({ reader: isEnvelopeSchema(schema) ? structEnvelopeReader(schema, options) : null }))
  const maps = parsed['schemaless.envelopes'] ? mapEnvelopeReader(options) : null
  return {
    deletes,
    tombstoneHeaders: headers.filter(isOperation).map(({ newName }) => ({ key: newName, schema: STRING_SCHEMA, value: 'd' })),
    topicField: parsed['route.by.field'],
    readerOf: (data) => {
      if (data.schema !== null) return structs.get(data.schema).reader
      return maps !== null && isMapEnvelope(data.value) ? maps : null
    },
  }
}

function isOperation({ struct, field }: AddedField): boolean {
  return struct === null && field === 'op'
}
