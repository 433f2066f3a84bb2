import { DataException, type SinkRecord } from 'standpipe/api'
import { SchemaJson } from './schema-json.ts'
import { schemalessJson } from './schemaless-json.ts'

const OPEN = 0x7b

/** The text of documents: one JSON object in one line. */
export class DocumentText {
  readonly #schemaUsed: SchemaJson
  readonly #schemaIgnored: SchemaJson

  constructor(compactMapEntries: boolean) {
    this.#schemaUsed = new SchemaJson({ isSchemaUsed: true, compactMapEntries })
    this.#schemaIgnored = new SchemaJson({ isSchemaUsed: false, compactMapEntries })
  }

  /**
   * @param record one with a value
   * @returns the bytes that came from Kafka where nothing changed them, else text
   * @throws DataException when the value does not fit its schema, has no JSON form, or is no object
   */
  of(record: SinkRecord, isSchemaIgnored: boolean): Buffer | string {
    const { schema, rawJson } = record.valueData
    if (schema === null) return rawJson?.[0] === OPEN ? rawJson : requireObject(schemalessJson(record.valueData.value))
    const json = isSchemaIgnored ? this.#schemaIgnored : this.#schemaUsed
    return requireObject(json.write(schema, record.valueData.value))
  }
}

function requireObject(json: string): string {
  if (json.startsWith('{')) return json
  throw new DataException(`Top level payload contains data of Json type ${jsonType(json)}. Required Json object.`)
}

/** Jackson's JsonNodeType of a text that is no object. */
function jsonType(json: string): string {
  switch (json[0]) {
    case '[':
      return 'ARRAY'
    case '"':
      return 'STRING'
    case 't':
    case 'f':
      return 'BOOLEAN'
    case 'n':
      return 'NULL'
    default:
      return 'NUMBER'
  }
}
