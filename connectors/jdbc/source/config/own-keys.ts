import { validString, type KeyDeclarations } from 'standpipe/api'
import { groups, unsupportedTypeUses } from './words.ts'

const connector = { group: groups.connector, width: 'medium', importance: 'low' } as const

/** Keys that Java's connectors do not have. Aiven's has `incrementing.initial`. */
export const ownKeys = {
  'visibility.guard': {
    ...{ type: 'string', default: 'none', validator: validString('none', 'xmin'), ...connector, displayName: 'Visibility Guard' },
    doc: 'xmin: a row is read only when no transaction is under way any more that may still commit rows before it, so that none is skipped. (Ours.)',
  },
  'query.on.error': {
    ...{ type: 'string', default: 'retry', validator: validString('retry', 'fail'), ...connector, displayName: 'Query On Error' },
    doc: 'fail: errors that do not pass by themselves, such as a missing column, fail the task at once. (Ours.)',
  },
  'unsupported.types': {
    ...{ type: 'string', default: 'drop', validator: validString(...unsupportedTypeUses), ...connector, displayName: 'Unsupported Types' },
    doc: 'Columns that Connect has no type for. drop: left out, with a warning; string: the server\'s text; fail. (Ours.)',
  },
  'sql.complex.types.enable': {
    ...{ type: 'boolean', default: false, ...connector, displayName: 'Complex Types' },
    doc: 'Whether one-dimensional arrays become arrays, whose elements may be null. (Confluent had it in 10.9.7-1.)',
  },
  'key.columns': {
    ...{ type: 'list', default: ['none'], ...connector, displayName: 'Key Columns' },
    doc: 'What keys of records hold. none: null; primary_key; or names of columns. (Ours.)',
  },
  'topic.name.format': {
    ...{ type: 'string', default: '', ...connector, displayName: 'Topic Name Format' },
    doc: 'Names of topics, with ${prefix}, ${catalog}, ${schema} and ${table}. Default: ${prefix}${table}. (Ours.)',
  },
} as const satisfies KeyDeclarations
