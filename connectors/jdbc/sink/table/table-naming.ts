import { ConnectException, type ConnectStruct, type ConnectValue, type SinkRecord } from 'standpipe/api'
import { cutName, parseTableName, type TableName } from '../../dialect/identifiers.ts'
import type { TableSettings } from '../config/settings.ts'

/** Which table a record goes to. Null: none, since what its name is made of is not in the record. */
export class TableNaming {
  readonly #settings: TableSettings
  readonly #byTopic = new Map<string, TableName>()
  readonly #needsSource: boolean

  constructor(settings: TableSettings) {
    this.#settings = settings
    this.#needsSource = settings.nameFormat.includes('${source.')
  }

  /** @param source of a change event; null: the record is none @throws ConnectException for a topic without a table */
  tableOf(record: SinkRecord, source: ConnectStruct | null): TableName | null {
    if (this.#needsSource) return source === null ? null : this.#named(record.topic, source)
    let name = this.#byTopic.get(record.topic)
    if (name === undefined) this.#byTopic.set(record.topic, (name = this.#named(record.topic, null)))
    return name
  }

  #named(topic: string, source: ConnectStruct | null): TableName {
    const { mapping, nameFormat, normalizesName, replacesDots } = this.#settings
    if (mapping !== null) return this.#mapped(topic, mapping)
    const topicPart = replacesDots ? topic.replaceAll('.', '_') : topic
    const formatted = nameFormat
      .replaceAll('${topic}', () => topicPart)
      .replaceAll(/\$\{source\.([^}]*)\}/g, (_all, field: string) => textOf(source?.[field]))
      .trim()
    const name = normalizesName ? normalized(formatted) : formatted
    if (name === '')
      throw new ConnectException(`Destination table name for topic '${topic}' is empty using the format string '${nameFormat}'`)
    return this.#folded(parseTableName(name))
  }

  #mapped(topic: string, mapping: ReadonlyMap<string, string>): TableName {
    const table = mapping.get(topic)
    if (table !== undefined) return this.#folded(parseTableName(table))
    const listed = Array.from(mapping, ([from, to]) => `${from}->${to}`).join(',')
    throw new ConnectException(
      `Destination table for the topic: '${topic}' couldn't be found in the topics to tables mapping: '${listed}' and couldn't be generated for the format string '${this.#settings.nameFormat}'`,
    )
  }

  /** Without quotation marks the server folds to lower case; longer names than it knows it cuts. */
  #folded({ database, schema, table }: TableName): TableName {
    const fold = (name: string) => (this.#settings.quoting === 'never' ? name.toLowerCase() : name)
    return { database, schema: schema === null ? null : fold(schema), table: cutName(fold(table)) }
  }
}

/** Of a member of the source: a name, mostly. */
function textOf(value: ConnectValue | undefined): string {
  return value === null || value === undefined || typeof value === 'object' ? '' : String(value)
}

function normalized(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_')
}
