import { ConfigException, lambda, type KeyDeclarations } from 'standpipe/api'
import { enumerator, timeZone } from '../../dialect/config-validators.ts'
import { confluentKeys, retryKeys } from './confluent-keys.ts'

const database = 'Database'

/** `topic:table` pairs; a topic has one table. Null passes. */
export const topicToTable = lambda<readonly string[]>((name, value) => {
  const topics = new Set<string>()
  for (const pair of value ?? []) {
    const [topic = '', table = '', ...rest] = pair.split(':')
    if (topic === '' || table === '' || rest.length > 0) {
      throw ConfigException.forKey(name, value, 'Topics to tables mapping must be a list of topic:table pairs')
    }
    if (topics.has(topic)) throw ConfigException.forKey(name, value, `Duplicate key ${topic}`)
    topics.add(topic)
  }
}, 'list of topic:table pairs')

/** Keys of io.aiven.connect.jdbc.JdbcSinkConnector 6.10, as far as they differ from Confluent's. */
export const aivenKeys = {
  'connection.url': { ...confluentKeys['connection.url'], group: database },
  'connection.user': { ...confluentKeys['connection.user'], group: database },
  'connection.password': { ...confluentKeys['connection.password'], group: database },
  'db.timezone': {
    ...confluentKeys['db.timezone'],
    validator: timeZone('Invalid time zone identifier', "valid time zone identifier (e.g., 'Europe/Helsinki', 'UTC+2', 'Z', 'CET')"),
    group: database,
    orderInGroup: 4,
    displayName: 'DB time zone',
  },
  'dialect.name': { ...confluentKeys['dialect.name'], group: database, orderInGroup: 5, width: 'medium' },
  'sql.quote.identifiers': {
    type: 'boolean',
    default: true,
    importance: 'low',
    doc: 'Whether names are written in quotation marks and so keep their case.',
    group: database,
    orderInGroup: 6,
    width: 'short',
    displayName: 'Quote SQL Identifiers',
  },
  'insert.mode': {
    ...confluentKeys['insert.mode'],
    validator: enumerator('insert', 'multi', 'upsert', 'update'),
    doc: 'insert or multi: new rows; upsert: new rows, or update of the rows with that key; update: only rows that are there.',
  },
  'batch.size': confluentKeys['batch.size'],
  'delete.enabled': { ...withoutRecommender(confluentKeys['delete.enabled']), displayName: 'Delete enabled' },
  'table.name.format': withoutValidator(confluentKeys['table.name.format']),
  'table.name.normalize': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    doc: 'Whether everything but letters, digits and underscores of the table name becomes an underscore.',
    group: 'Data Mapping',
    orderInGroup: 2,
    width: 'long',
    displayName: 'Table Name Normalize',
  },
  'topics.to.tables.mapping': {
    type: 'list',
    default: null,
    validator: topicToTable,
    importance: 'medium',
    doc: 'Tables of single topics, as topic:table pairs. Once it is set, a topic that is not listed is an error.',
    group: 'Data Mapping',
    orderInGroup: 3,
    width: 'long',
    displayName: 'Topics To Tables Mapping',
  },
  'topics.to.tables.fallback': {
    type: 'boolean',
    default: false,
    importance: 'low',
    doc: 'Whether topics that topics.to.tables.mapping does not list follow table.name.format, instead of being an error. (Ours.)',
    group: 'Data Mapping',
  },
  'pk.mode': { ...confluentKeys['pk.mode'], orderInGroup: 4 },
  'pk.fields': { ...confluentKeys['pk.fields'], orderInGroup: 5 },
  'fields.whitelist': { ...confluentKeys['fields.whitelist'], orderInGroup: 6 },
  'auto.create': confluentKeys['auto.create'],
  'auto.evolve': confluentKeys['auto.evolve'],
  ...retryKeys,
} as const satisfies KeyDeclarations

function withoutRecommender<Key extends { readonly recommender: unknown }>({ recommender: _, ...key }: Key): Omit<Key, 'recommender'> {
  return key
}

function withoutValidator<Key extends { readonly validator: unknown }>({ validator: _, ...key }: Key): Omit<Key, 'validator'> {
  return key
}
