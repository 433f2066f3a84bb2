import { atLeast, validString, type KeyDeclarations } from 'standpipe/api'
import { enumerator } from '../../dialect/config-validators.ts'
import { groups, hstoreUses, unsupportedTypeUses } from './words.ts'

const connector = { group: groups.connector, width: 'medium', importance: 'low' } as const

/** Keys that Java's connectors do not have. Aiven's has `incrementing.initial`. */
export const ownKeys = {
  'visibility.guard': {
    ...{ type: 'string', default: 'none', validator: validString('none', 'xmin'), ...connector, displayName: 'Visibility Guard' },
    doc: 'xmin: a row is read only when no transaction is under way any more that may still commit rows before it, so that none is skipped. (Ours.)',
  },
  'visibility.guard.max.wait.ms': {
    ...{ type: 'long', default: 0, validator: atLeast(0), ...connector, displayName: 'Visibility Guard Maximum Wait (ms)' },
    doc: 'How long visibility.guard waits for one transaction. Rows that it commits later still may be skipped. 0: as long as it takes, as for those of other roles where the user has no pg_read_all_stats. (Ours.)',
  },
  'visibility.rescan.ids': {
    ...{ type: 'long', default: 0, validator: atLeast(0), ...connector, displayName: 'Visibility Rescan Ids' },
    doc: 'In mode incrementing: so many numbers before the last one read are looked at again for rows that were committed since, or changed. For numbers that are handed out before a transaction begins, as by sequences with CACHE. (Ours.)',
  },
  'page.rows': {
    ...{ type: 'int', default: 0, validator: atLeast(0), ...connector, displayName: 'Page Rows' },
    doc: 'So many rows are read in a transaction, the next ones in another, so that none stays open for long. 0: one transaction a read. (Ours.)',
  },
  'query.on.error': {
    ...{ type: 'string', default: 'retry', validator: validString('retry', 'fail'), ...connector, displayName: 'Query On Error' },
    doc: 'fail: errors that do not pass by themselves, such as a missing column, fail the task at once. (Ours.)',
  },
  'unsupported.types': {
    ...{ type: 'string', default: 'drop', validator: validString(...unsupportedTypeUses), ...connector, displayName: 'Unsupported Types' },
    doc: "Columns that Connect has no type for. drop: left out, with a warning; string: the server's text; fail. (Ours.)",
  },
  'sql.complex.types.enable': {
    ...{ type: 'boolean', default: false, ...connector, displayName: 'Complex Types' },
    doc: 'Whether arrays become arrays, whose elements may be null, and strings of json and jsonb tell so by the name of their schema. (Confluent had it in 10.9.7-1.)',
  },
  'hstore.handling.mode': {
    ...{ type: 'string', default: 'none', validator: enumerator(...hstoreUses), ...connector, displayName: 'Hstore Handling Mode' },
    doc: 'What hstore becomes. none: see unsupported.types; map: a map of strings; json: a string of JSON. (Confluent had it in 10.9.7-1.)',
  },
  'key.columns': {
    ...{ type: 'list', default: ['none'], ...connector, displayName: 'Key Columns' },
    doc: 'What keys of records hold. none: null; primary_key; or names of columns. (Ours.)',
  },
  'key.format': {
    ...{ type: 'string', default: 'struct', validator: validString('struct', 'primitive'), ...connector, displayName: 'Key Format' },
    doc: 'primitive: of key.columns with one column, keys are its values by themselves. (Ours.)',
  },
  'slot.name': {
    ...{ type: 'string', default: '', ...connector, displayName: 'Slot Name' },
    doc: 'Mode cdc: the replication slot, which the server keeps the log for. Default: standpipe_ and the name of the connector. (Ours.)',
  },
  'publication.name': {
    ...{ type: 'string', default: '', ...connector, displayName: 'Publication Name' },
    doc: 'Mode cdc: the publication of the tables; made where it is missing. Default: as the slot. (Ours.)',
  },
  'cdc.snapshot.mode': {
    ...{ type: 'string', default: 'initial', validator: validString('initial', 'never'), ...connector, displayName: 'Snapshot Mode' },
    doc: 'Mode cdc: whether the rows that the tables have come before their changes. (Ours.)',
  },
  'topic.name.format': {
    ...{ type: 'string', default: '', ...connector, displayName: 'Topic Name Format' },
    doc: 'Names of topics, with ${prefix}, ${catalog}, ${schema} and ${table}. Default: ${prefix}${table}. (Ours.)',
  },
} as const satisfies KeyDeclarations
