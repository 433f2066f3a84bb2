import { atLeast, between, validString, type KeyDeclarations } from 'standpipe/api'
import { calendarSystems } from '../../dialect/calendar.ts'
import { credentialsProvider, defaultCredentialsProvider, dialectName, enumerator } from '../../dialect/config-validators.ts'
import { hidden, inModes, inNoMode } from './recommenders.ts'
import { confluentZone, incrementingMapping, modeIn, tablePatterns, timestampMapping, topicPrefix } from './validators.ts'
import { groups, isolationModes, numericMappings, sourceModes, timestampGranularities } from './words.ts'

const database = { group: groups.database, width: 'medium' } as const
const modeGroup = { group: groups.mode, width: 'medium' } as const
const connector = { group: groups.connector, width: 'short' } as const

const connectionKeys = {
  'connection.url': {
    ...{ type: 'string', default: '', importance: 'high', ...database, orderInGroup: 1, width: 'long', displayName: 'JDBC URL' },
    doc: 'JDBC URL of the database: jdbc:postgresql://host:port/database?parameter=value. Several hosts are tried in order.',
  },
  'connection.user': {
    ...{ type: 'string', default: null, importance: 'high', ...database, orderInGroup: 2, displayName: 'JDBC User' },
    doc: 'User of the database. One in the URL wins.',
  },
  'connection.password': {
    ...{ type: 'password', default: null, importance: 'high', ...database, orderInGroup: 3, displayName: 'JDBC Password' },
    doc: 'Password of the user. One in the URL wins.',
  },
  'jdbc.credentials.provider.class': {
    ...{ type: 'class', default: defaultCredentialsProvider, validator: credentialsProvider, importance: 'low' },
    ...{ ...database, orderInGroup: 4, width: 'long', displayName: 'JDBC Credentials Provider Class' },
    doc: 'Only the default, which uses user and password; secrets from elsewhere come by config providers.',
  },
  'connection.attempts': {
    ...{ type: 'int', default: 3, validator: atLeast(1), importance: 'low', ...database, orderInGroup: 5, width: 'short' },
    ...{ displayName: 'JDBC connection attempts', doc: 'How often a connection is tried before the task fails at its start.' },
  },
  'connection.backoff.ms': {
    ...{ type: 'long', default: 10_000, importance: 'low', ...database, orderInGroup: 6, width: 'short' },
    ...{ displayName: 'JDBC connection backoff in milliseconds', doc: 'Milliseconds between two attempts to connect.' },
  },
} as const satisfies KeyDeclarations

const filterKeys = {
  'table.whitelist': {
    ...{ type: 'list', default: [], importance: 'medium', ...database, orderInGroup: 7, width: 'long', displayName: 'Table Whitelist' },
    doc: 'Tables to copy, by exact name: table, schema.table. Not together with table.blacklist or query.',
  },
  'table.blacklist': {
    ...{ type: 'list', default: [], importance: 'medium', ...database, orderInGroup: 8, width: 'long', displayName: 'Table Blacklist' },
    doc: 'Tables to leave out, by exact name; all others are copied.',
  },
  'table.include.list': {
    ...{ type: 'list', default: [], validator: tablePatterns, importance: 'medium', ...database, orderInGroup: 9, width: 'long' },
    ...{
      displayName: 'Table Include List',
      doc: 'Regular expressions that match the whole schema.table of tables to copy, such as public\\.orders or .*orders.',
    },
  },
  'table.exclude.list': {
    ...{ type: 'list', default: [], validator: tablePatterns, importance: 'medium', ...database, orderInGroup: 10, width: 'long' },
    ...{
      displayName: 'Table Exclude List',
      doc: 'Regular expressions of tables that table.include.list takes in and that are left out all the same.',
    },
  },
  'catalog.pattern': {
    ...{
      type: 'string',
      default: null,
      importance: 'medium',
      ...database,
      orderInGroup: 11,
      displayName: 'Catalog pattern',
      width: 'short',
    },
    doc: 'Name of the database; any other than the one connected to means no tables.',
  },
  'schema.pattern': {
    ...{ type: 'string', default: null, importance: 'high', ...database, orderInGroup: 12, displayName: 'Schema pattern', width: 'short' },
    doc: 'Schemas to look for tables in, as a pattern of LIKE: % and _ are wildcards. Default: all but those of the system.',
  },
} as const satisfies KeyDeclarations

const typeKeys = {
  'numeric.precision.mapping': {
    ...{ type: 'boolean', default: false, importance: 'low', ...database, orderInGroup: 13, width: 'short' },
    ...{ displayName: 'Map Numeric Values By Precision (deprecated)', doc: 'Old name of numeric.mapping=precision_only.' },
  },
  'numeric.mapping': {
    ...{
      type: 'string',
      default: null,
      validator: enumerator(...numericMappings),
      importance: 'low',
      ...database,
      orderInGroup: 14,
      width: 'short',
    },
    displayName: 'Map Numeric Values, Integral or Decimal, By Precision and Scale',
    doc: 'What numeric becomes. none: Decimal; precision_only: integers where they fit; best_fit: doubles too, up to 18 digits; best_fit_eager_double: doubles for all with a scale.',
  },
  'timestamp.granularity': {
    ...{
      type: 'string',
      default: 'connect_logical',
      validator: enumerator(...timestampGranularities),
      importance: 'low',
      ...database,
      orderInGroup: 15,
    },
    ...{
      displayName: 'Timestamp granularity for timestamp columns',
      doc: "What timestamps become: Connect's Timestamp (milliseconds), or micro- or nanoseconds as number, text or ISO text.",
    },
  },
  'dialect.name': {
    ...{
      type: 'string',
      default: '',
      validator: dialectName,
      importance: 'low',
      ...database,
      orderInGroup: 16,
      displayName: 'Database Dialect',
    },
    doc: 'Only PostgreSQL is supported; leave it out.',
  },
  'db.timezone': {
    ...{
      type: 'string',
      default: 'UTC',
      validator: confluentZone,
      importance: 'medium',
      ...database,
      orderInGroup: 17,
      displayName: 'DB time zone',
    },
    doc: 'Time zone of columns without one, and of texts of dates.',
  },
  'date.calendar.system': {
    ...{ type: 'string', default: 'LEGACY', validator: validString(...calendarSystems), importance: 'low', ...database, orderInGroup: 18 },
    ...{
      displayName: 'Calendar System',
      doc: 'LEGACY: days before 15 October 1582 are Julian, as in Java; PROLEPTIC_GREGORIAN: as in PostgreSQL.',
    },
  },
  'quote.sql.identifiers': {
    ...{ type: 'string', default: 'ALWAYS', importance: 'medium', ...database, orderInGroup: 19, displayName: 'Quote Identifiers' },
    doc: 'Whether names stand in quotation marks in SQL: always or never.',
  },
} as const satisfies KeyDeclarations

const modeKeys = {
  mode: {
    ...{
      type: 'string',
      default: '',
      validator: modeIn('', ...sourceModes),
      importance: 'high',
      ...modeGroup,
      orderInGroup: 1,
      displayName: 'Table Loading Mode',
    },
    doc: 'bulk: all rows at every poll; incrementing: by a number that grows; timestamp: by times of change; timestamp+incrementing: by both; cdc: changes from the log of the server, deletions too (ours).',
  },
  'incrementing.column.name': {
    ...{ type: 'string', default: '', importance: 'medium', recommender: inModes('incrementing', 'timestamp+incrementing') },
    ...{
      ...modeGroup,
      orderInGroup: 2,
      displayName: 'Incrementing Column Name',
      doc: 'Column whose values grow with every new row. Default: the identity or serial column.',
    },
  },
  'timestamp.column.name': {
    ...{ type: 'list', default: [], importance: 'medium', recommender: inModes('timestamp', 'timestamp+incrementing') },
    ...{
      ...modeGroup,
      orderInGroup: 3,
      displayName: 'Timestamp Column Name',
      doc: 'Columns of the time of change; of several the first that is not null counts.',
    },
  },
  'incrementing.column.mapping': {
    ...{
      type: 'list',
      default: [],
      validator: incrementingMapping,
      importance: 'medium',
      recommender: inModes('incrementing', 'timestamp+incrementing'),
    },
    ...{
      ...modeGroup,
      orderInGroup: 4,
      displayName: 'Incrementing Column Mapping',
      doc: 'regex:column pairs: the incrementing column of the tables that match. Goes with table.include.list.',
    },
  },
  'timestamp.columns.mapping': {
    ...{
      type: 'list',
      default: [],
      validator: timestampMapping,
      importance: 'medium',
      recommender: inModes('timestamp', 'timestamp+incrementing'),
    },
    ...{
      ...modeGroup,
      orderInGroup: 5,
      displayName: 'Timestamp Columns Mapping',
      doc: 'regex:[column|column] pairs: the timestamp columns of the tables that match. Goes with table.include.list.',
    },
  },
  'timestamp.initial': {
    ...{
      type: 'long',
      default: null,
      importance: 'low',
      recommender: inNoMode,
      ...modeGroup,
      orderInGroup: 6,
      displayName: 'Initial Timestamp',
    },
    doc: 'Where nothing is stored: rows later than this are read, in milliseconds since 1970; -1: now.',
  },
  'validate.non.null': {
    ...{ type: 'boolean', default: true, importance: 'low', recommender: inModes('timestamp', 'incrementing', 'timestamp+incrementing') },
    ...{
      ...modeGroup,
      orderInGroup: 7,
      width: 'short',
      displayName: 'Validate Non Null',
      doc: 'Whether columns that tables are read by must be NOT NULL.',
    },
  },
  query: {
    ...{ type: 'string', default: '', importance: 'medium', ...modeGroup, orderInGroup: 8, width: 'short', displayName: 'Query' },
    doc: 'A SELECT to read in place of tables. In the other modes than bulk a WHERE is put behind it, or around it where it has clauses of its own.',
  },
  'query.masked': {
    ...{ type: 'password', default: '', importance: 'medium', recommender: hidden, ...modeGroup, orderInGroup: 9, width: 'short' },
    ...{ displayName: 'Query Masked', doc: 'As query, but shown nowhere.' },
  },
  'query.suffix': {
    ...{ type: 'string', default: '', importance: 'low', ...modeGroup, orderInGroup: 10, displayName: 'Query suffix' },
    doc: 'Text put behind each statement, such as LIMIT 1000.',
  },
  'transaction.isolation.mode': {
    ...{ type: 'string', default: 'DEFAULT', validator: enumerator(...isolationModes), importance: 'low', ...modeGroup, orderInGroup: 11 },
    ...{ displayName: 'Transaction Isolation Mode', doc: 'Isolation of the reading transactions.' },
  },
} as const satisfies KeyDeclarations

const connectorKeys = {
  'table.types': {
    ...{ type: 'list', default: ['TABLE'], importance: 'low', ...connector, orderInGroup: 1, width: 'medium', displayName: 'Table Types' },
    doc: 'Kinds of tables: TABLE, PARTITIONED TABLE, VIEW, MATERIALIZED VIEW, FOREIGN TABLE.',
  },
  'poll.interval.ms': {
    ...{ type: 'int', default: 5000, importance: 'high', ...connector, orderInGroup: 2, displayName: 'Poll Interval (ms)' },
    doc: 'Milliseconds from the end of one read of a table to the next.',
  },
  'batch.max.rows': {
    ...{ type: 'int', default: 1000, importance: 'low', ...connector, orderInGroup: 3, displayName: 'Max Rows Per Batch' },
    doc: 'Rows fetched at a time, and records given to the worker at a time.',
  },
  'max.buffer.size': {
    ...{ type: 'int', default: 0, importance: 'low', ...connector, orderInGroup: 4, displayName: 'Max Buffer Size' },
    doc: 'Rows read ahead. 0: four times batch.max.rows.',
  },
  'poll.linger.ms': {
    ...{ type: 'long', default: 5000, importance: 'low', ...connector, orderInGroup: 5, displayName: 'Poll Linger (ms)' },
    doc: 'The longest wait for a row inside one poll. Rows that are there are never held back.',
  },
  'table.poll.interval.ms': {
    ...{
      type: 'long',
      default: 60_000,
      importance: 'low',
      ...connector,
      orderInGroup: 6,
      displayName: 'Metadata Change Monitoring Interval (ms)',
    },
    doc: 'Milliseconds between two looks for new and dropped tables.',
  },
  'topic.prefix': {
    ...{
      type: 'string',
      default: '',
      validator: topicPrefix,
      importance: 'high',
      ...connector,
      orderInGroup: 7,
      width: 'medium',
      displayName: 'Topic Prefix',
    },
    doc: 'Put before the name of a table to make that of its topic; with query, the topic.',
  },
  'timestamp.delay.interval.ms': {
    ...{ type: 'long', default: 0, importance: 'high', ...connector, orderInGroup: 8, width: 'medium', displayName: 'Delay Interval (ms)' },
    doc: 'How long rows are left alone after their timestamp, so that transactions that end late are not missed. Better: visibility.guard=xmin.',
  },
  'query.retry.attempts': {
    ...{ type: 'int', default: -1, importance: 'low', ...connector, orderInGroup: 9, displayName: 'Query Retry Attempts' },
    doc: 'So many errors of a table in a row fail the task; 0 and below: none do.',
  },
  'table.monitoring.startup.polling.limit.ms': {
    ...{ type: 'long', default: 10_000, importance: 'low', group: groups.hidden, doc: 'The longest wait for the first list of tables.' },
  },
  'engine.shutdown.timeout': {
    ...{
      type: 'int',
      default: 10,
      validator: between(0, 30),
      importance: 'low',
      group: groups.hidden,
      doc: 'Without effect: a read is ended at once.',
    },
  },
} as const satisfies KeyDeclarations

/** Keys of Confluent's JdbcSourceConnector 10.9. */
export const confluentKeys = { ...connectionKeys, ...filterKeys, ...typeKeys, ...modeKeys, ...connectorKeys } as const
