import { atLeast, ConfigException, lambda, nonEmptyString, type KeyDeclarations } from 'standpipe/api'
import { enumerator, timeZone } from '../../dialect/config-validators.ts'
import { confluentKeys } from './confluent-keys.ts'

const ignored = 'Accepted; without effect here.'

/** Programs of Java cannot be loaded; what Debezium's own do is built in. @param pattern simple names of these */
const strategy = (pattern: RegExp, names: string) =>
  lambda<string>((name, value) => {
    if (value !== null && !pattern.test(value.slice(value.lastIndexOf('.') + 1)))
      throw ConfigException.forKey(
        name,
        value,
        `There are ${names} only. To name tables otherwise use collection.name.format or a transformation.`,
      )
  }, names)
const tableNaming = strategy(
  /^(Default|Passthrough)(Collection|Table)NamingStrategy$/,
  'DefaultCollectionNamingStrategy and PassthroughCollectionNamingStrategy',
)
const columnNaming = strategy(/^DefaultColumnNamingStrategy$/, 'DefaultColumnNamingStrategy')

/** A key that has a former name, which still works, has no default of its own: the reader of settings knows it. */
const nullable = { type: 'string', default: null, importance: 'medium' } as const

/** Keys of io.debezium.connector.jdbc.JdbcSinkConnector 3.6. */
export const debeziumKeys = {
  'connection.url': confluentKeys['connection.url'],
  'connection.username': { type: 'string', default: null, importance: 'high', doc: 'User of the database. One in the URL wins.' },
  'connection.password': { type: 'password', default: null, importance: 'high', doc: 'Password of the user.' },
  'connection.provider': { ...nullable, importance: 'low', doc: ignored },
  'connection.pool.min_size': { type: 'int', default: 5, importance: 'low', doc: 'Accepted; a task has one connection.' },
  'connection.pool.max_size': { type: 'int', default: 32, importance: 'low', doc: 'Accepted; a task has one connection.' },
  'connection.pool.acquire_increment': { type: 'int', default: 32, importance: 'low', doc: 'Accepted; a task has one connection.' },
  'connection.pool.timeout': { type: 'long', default: 1800, importance: 'low', doc: 'Accepted; a task has one connection.' },
  'connection.restart.on.errors': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    doc: 'Accepted; a lost connection is always opened again.',
  },
  'insert.mode': { ...confluentKeys['insert.mode'], validator: enumerator('insert', 'upsert', 'update') },
  'delete.enabled': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    doc: 'Whether delete events and tombstones delete the row of their key; otherwise they are left out.',
  },
  'truncate.enabled': { type: 'boolean', default: false, importance: 'medium', doc: 'Whether truncate events empty the table.' },
  'primary.key.mode': {
    type: 'string',
    default: 'none',
    validator: enumerator('none', 'kafka', 'record_key', 'record_value', 'record_header'),
    importance: 'high',
    doc: 'Where the primary key comes from: none; kafka, topic, partition and offset; record_key; record_value; record_header.',
  },
  'primary.key.fields': {
    type: 'list',
    default: [],
    importance: 'medium',
    doc: 'Columns of the primary key. Empty: all fields of its source.',
  },
  'schema.evolution': {
    type: 'string',
    default: 'none',
    validator: enumerator('none', 'validate-only', 'basic'),
    importance: 'medium',
    doc: 'basic: missing tables and columns are created; none: they are errors; validate-only: a table that is missing fails the task at its start.',
  },
  'quote.identifiers': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    doc: 'Whether names are written in quotation marks and so keep their case.',
  },
  'collection.name.format': {
    ...nullable,
    validator: nonEmptyString,
    doc: 'Name of the table, with ${topic}, whose dots become underscores, and ${source.FIELD} of the event. Default: ${topic}.',
  },
  'table.name.format': { ...nullable, validator: nonEmptyString, doc: 'Former name of collection.name.format.' },
  'collection.naming.strategy': {
    ...nullable,
    validator: tableNaming,
    importance: 'low',
    doc: 'DefaultCollectionNamingStrategy or PassthroughCollectionNamingStrategy, which keeps dots of topics.',
  },
  'table.naming.strategy': { ...nullable, validator: tableNaming, importance: 'low', doc: 'Former name of collection.naming.strategy.' },
  'collection.table.format': { ...nullable, importance: 'low', doc: ignored },
  'column.naming.strategy': { ...nullable, validator: columnNaming, importance: 'low', doc: 'Accepted; columns are named as fields.' },
  'use.time.zone': {
    ...nullable,
    validator: timeZone('Invalid time zone', 'Any valid JDK time zone'),
    doc: 'Time zone whose wall clock columns without time zone show. Default: UTC.',
  },
  'database.time_zone': {
    ...nullable,
    validator: timeZone('Invalid time zone', 'Any valid JDK time zone'),
    doc: 'Former name of use.time.zone.',
  },
  'batch.size': { type: 'int', default: 500, validator: atLeast(0), importance: 'medium', doc: 'Most rows of one statement.' },
  'use.reduction.buffer': {
    type: 'boolean',
    default: false,
    importance: 'low',
    doc: 'Accepted; of one key the last event is always enough.',
  },
  'keyed.message.batch.mode': { ...nullable, importance: 'low', doc: ignored },
  'field.include.list': { type: 'list', default: [], importance: 'medium', doc: 'Fields to write, as field or topic:field. Empty: all.' },
  'field.exclude.list': { type: 'list', default: [], importance: 'medium', doc: 'Fields to leave out, as field or topic:field.' },
  'flush.max.retries': {
    type: 'int',
    default: 5,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'How often a write is tried again while the database is out, before the task fails. Unless it is set there is no limit. (Ours.)',
  },
  'flush.retry.delay.ms': {
    type: 'long',
    default: 1000,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Milliseconds before the first of these attempts; each further one waits twice as long, at most a minute.',
  },
  'dialect.postgres.postgis.schema': { type: 'string', default: 'public', importance: 'low', doc: 'Schema with the types of PostGIS.' },
  'dialect.postgres.unnest.insert.enabled': {
    type: 'boolean',
    default: false,
    importance: 'low',
    doc: 'Accepted; rows are always sent that way.',
  },
  'dialect.sqlserver.identity.insert': { type: 'boolean', default: false, importance: 'low', doc: ignored },
  'dialect.starrocks.catalog.name': { ...nullable, importance: 'low', doc: ignored },
  'cloud.events.schema.name.pattern': {
    type: 'string',
    default: String.raw`.*CloudEvents\.Envelope$`,
    importance: 'low',
    doc: 'Names of schemas of CloudEvents, whose data field is the event.',
  },
} as const satisfies KeyDeclarations
