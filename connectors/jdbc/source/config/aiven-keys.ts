import type { KeyDeclarations } from 'standpipe/api'
import { dialectName, enumerator } from '../../dialect/config-validators.ts'
import { confluentKeys } from './confluent-keys.ts'
import { confluentZone, modeIn } from './validators.ts'
import { groups, numericMappings, sourceModes } from './words.ts'

const database = { group: groups.database, width: 'medium' } as const
const modeGroup = { group: groups.mode, width: 'medium' } as const
const connector = { group: groups.connector, width: 'short' } as const
const tableDependents = ['table.whitelist', 'table.blacklist'] as const
const modeDependents = [
  'incrementing.column.name',
  'timestamp.column.name',
  'validate.non.null',
  'timestamp.initial.ms',
  'incrementing.initial',
] as const

const { [`connection.url`]: url, [`connection.attempts`]: attempts, mode, [`topic.prefix`]: prefix } = confluentKeys

const databaseKeys = {
  'connection.url': {
    type: 'string',
    importance: 'high',
    doc: url.doc,
    ...database,
    orderInGroup: 1,
    width: 'long',
    displayName: 'JDBC URL',
    dependents: tableDependents,
  },
  'connection.user': { ...confluentKeys['connection.user'] },
  'connection.password': { ...confluentKeys['connection.password'] },
  'connection.attempts': {
    type: 'int',
    default: 3,
    importance: 'low',
    doc: attempts.doc,
    ...database,
    orderInGroup: 4,
    width: 'short',
    displayName: attempts.displayName,
  },
  'connection.backoff.ms': { ...confluentKeys['connection.backoff.ms'], orderInGroup: 5 },
  'table.whitelist': { ...confluentKeys['table.whitelist'], orderInGroup: 6 },
  'table.blacklist': { ...confluentKeys['table.blacklist'], orderInGroup: 7 },
  'catalog.pattern': { ...confluentKeys['catalog.pattern'], orderInGroup: 8 },
  'schema.pattern': { ...confluentKeys['schema.pattern'], importance: 'medium', orderInGroup: 9 },
  'numeric.precision.mapping': { ...confluentKeys['numeric.precision.mapping'], orderInGroup: 10 },
  'numeric.mapping': { ...confluentKeys['numeric.mapping'], validator: enumerator(...numericMappings.slice(0, 3)), orderInGroup: 11 },
  'table.names.qualify': {
    ...{
      type: 'boolean',
      default: true,
      importance: 'low',
      ...database,
      orderInGroup: 12,
      width: 'short',
      displayName: 'Qualify table names',
    },
    doc: 'Whether SQL names tables with their schema. Without effect: it does.',
  },
  'db.timezone': { ...confluentKeys['db.timezone'], validator: confluentZone, orderInGroup: 13 },
  'dialect.name': { ...confluentKeys['dialect.name'], validator: dialectName, orderInGroup: 14 },
  'sql.quote.identifiers': {
    ...{
      type: 'boolean',
      default: true,
      importance: 'low',
      ...database,
      orderInGroup: 15,
      width: 'short',
      displayName: 'Quote SQL Identifiers',
    },
    doc: 'Whether names stand in quotation marks in SQL.',
  },
} as const satisfies KeyDeclarations

const modeKeys = {
  mode: {
    type: 'string',
    validator: modeIn(...sourceModes),
    importance: 'high',
    doc: mode.doc,
    ...modeGroup,
    orderInGroup: 1,
    displayName: mode.displayName,
    dependents: modeDependents,
  },
  'incrementing.column.name': { ...confluentKeys['incrementing.column.name'] },
  'timestamp.column.name': { ...confluentKeys['timestamp.column.name'] },
  'validate.non.null': { ...confluentKeys['validate.non.null'], orderInGroup: 4 },
  query: { ...confluentKeys.query, width: 'short', orderInGroup: 5 },
  'timestamp.initial.ms': {
    ...{ type: 'long', default: 0, importance: 'medium', ...modeGroup, orderInGroup: 6 },
    ...{
      displayName: 'Initial timestamp (ms since epoch, can be negative)',
      doc: 'Where nothing is stored: rows later than this are read, in milliseconds since 1970.',
    },
  },
  'incrementing.initial': {
    ...{ type: 'long', default: -1, importance: 'medium', ...modeGroup, orderInGroup: 7 },
    ...{ displayName: 'Incrementing Column Initial Value', doc: 'Where nothing is stored: rows with greater numbers are read.' },
  },
} as const satisfies KeyDeclarations

const connectorKeys = {
  'table.types': { ...confluentKeys['table.types'] },
  'poll.interval.ms': { ...confluentKeys['poll.interval.ms'] },
  'batch.max.rows': { ...confluentKeys['batch.max.rows'], default: 100 },
  'table.poll.interval.ms': { ...confluentKeys['table.poll.interval.ms'], orderInGroup: 4 },
  'topic.prefix': {
    type: 'string',
    importance: 'high',
    doc: prefix.doc,
    ...connector,
    orderInGroup: 5,
    width: 'medium',
    displayName: prefix.displayName,
  },
  'timestamp.delay.interval.ms': { ...confluentKeys['timestamp.delay.interval.ms'], orderInGroup: 6 },
} as const satisfies KeyDeclarations

/** Keys of Aiven's JdbcSourceConnector 6.10. */
export const aivenKeys = { ...databaseKeys, ...modeKeys, ...connectorKeys } as const
