import { ConnectException, type ConnectStruct } from 'standpipe/api'
import { cutName, parseTableName, type TableName } from '../../dialect/identifiers.ts'
import type { TableSettings } from '../config/settings.ts'
import type { RecordContent } from '../record/record-content.ts'
import { placeholdersOf, type Placeholder } from './name-placeholder.ts'

/** Stands for the placeholder of that number while a name is taken apart; no topic and no configuration contains it. */
const mark = (index: number) => `\u0000${index}\u0000`

/**
 * Which table a record goes to: the format with the topic, and with what the record itself says. Dots of a topic part schema and table;
 * what comes out of a record is part of a name, whatever it contains.
 */
export class TableNaming {
  readonly #settings: TableSettings
  readonly #placeholders: readonly Placeholder[]
  readonly #byTopic = new Map<string, TableName>()

  constructor(settings: TableSettings) {
    this.#settings = settings
    this.#placeholders = settings.mapping === null || settings.mappingFallsBack ? placeholdersOf(settings.nameFormat) : []
  }

  /** Whether records of one topic and schema may go to different tables. */
  get dependsOnRecord(): boolean {
    return this.#placeholders.length > 0
  }

  /**
   * @param source of a change event; null: the record is none
   * @returns null: none, since the record is no change event and the name is made of parts of one
   * @throws ConnectException for a topic without a table, or a record that lacks what its name is made of
   */
  tableOf(content: RecordContent, source: ConnectStruct | null): TableName | null {
    const { topic } = content.record
    let name = this.#byTopic.get(topic)
    if (name === undefined) this.#byTopic.set(topic, (name = this.#ofTopic(topic)))
    return this.#placeholders.length === 0 ? name : this.#filled(name, content, source)
  }

  /** The table of all records of a topic; null: each record has its own. @throws ConnectException for a topic without a table */
  tableOfTopic(topic: string): TableName | null {
    return this.dependsOnRecord ? null : this.#ofTopic(topic)
  }

  /** Placeholders of records are left in the name, as their marks. */
  #ofTopic(topic: string): TableName {
    const { mapping, mappingFallsBack, nameFormat, replacesDots } = this.#settings
    const mapped = mapping?.get(topic)
    if (mapped !== undefined) return this.#folded(parseTableName(mapped))
    if (mapping !== null && !mappingFallsBack) throw unmapped(topic, mapping, nameFormat)
    const topicPart = replacesDots ? topic.replaceAll('.', '_') : topic
    let format = nameFormat
    for (const [index, { text }] of this.#placeholders.entries()) format = format.replaceAll(text, () => mark(index))
    const name = format.replaceAll('${topic}', () => topicPart).trim()
    const plain = this.#settings.normalizesName ? normalized(name) : name
    if (plain === '') throw this.#empty(topic)
    return this.#folded(parseTableName(plain))
  }

  #filled({ database, schema, table }: TableName, content: RecordContent, source: ConnectStruct | null): TableName | null {
    let [ofDatabase, ofSchema, ofTable] = [database, schema, table]
    for (const [index, placeholder] of this.#placeholders.entries()) {
      const value = placeholder.valueOf(content, source)
      if (value === null) return null
      const part = this.#settings.normalizesName ? normalized(value) : value
      const fill = (name: string) => name.replaceAll(mark(index), () => part)
      ofDatabase = ofDatabase === null ? null : fill(ofDatabase)
      ofSchema = ofSchema === null ? null : fill(ofSchema)
      ofTable = fill(ofTable)
    }
    if (ofTable.trim() === '') throw this.#empty(content.record.topic)
    return this.#folded({ database: ofDatabase, schema: ofSchema, table: ofTable })
  }

  #empty(topic: string): ConnectException {
    const { nameFormat } = this.#settings
    return new ConnectException(`Destination table name for topic '${topic}' is empty using the format string '${nameFormat}'`)
  }

  /** Without quotation marks the server folds to lower case; longer names than it knows it cuts. */
  #folded({ database, schema, table }: TableName): TableName {
    const fold = (name: string) => (this.#settings.quoting === 'never' ? name.toLowerCase() : name)
    return { database, schema: schema === null ? null : fold(schema), table: cutName(fold(table)) }
  }
}

function unmapped(topic: string, mapping: ReadonlyMap<string, string>, nameFormat: string): ConnectException {
  const listed = Array.from(mapping, ([from, to]) => `${from}->${to}`).join(',')
  return new ConnectException(
    `Destination table for the topic: '${topic}' couldn't be found in the topics to tables mapping: '${listed}' and couldn't be generated for the format string '${nameFormat}'. List the topic, or set topics.to.tables.fallback=true.`,
  )
}

/** The marks stay. */
function normalized(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_\u0000]/g, '_')
}
