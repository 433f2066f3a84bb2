import { validString, type KeyDeclarations } from 'standpipe/api'
import { groups } from './common.ts'

/** Keys of ours, for all classes. They change nothing unless they are set. */
export const ownKeys = {
  'write.method': {
    type: 'string',
    default: 'auto',
    validator: validString('auto', 'unnest', 'copy'),
    importance: 'low',
    doc: 'How rows are sent (standpipe): unnest, one statement with an array a column; copy, the COPY protocol, for inserts; auto chooses by size.',
    group: groups.writes,
  },
  'on.conflict': {
    type: 'string',
    default: 'update',
    validator: validString('update', 'nothing'),
    importance: 'low',
    doc: 'What an upsert does with a row that is there already (standpipe): update it, or leave it as it is.',
    group: groups.writes,
  },
  'on.tombstone.disabled': {
    type: 'string',
    default: 'fail',
    validator: validString('fail', 'skip'),
    importance: 'low',
    doc: 'What becomes of records without a value while deletes are off (standpipe): fail, as in Java, or skip them.',
    group: groups.writes,
  },
  'complex.types': {
    type: 'string',
    default: 'fail',
    validator: validString('fail', 'json'),
    importance: 'low',
    doc: 'What becomes of STRUCT and MAP fields that get a new column (standpipe): fail, as in Java, or json for a JSONB column.',
    group: groups.mapping,
  },
  'schemaless.enabled': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    doc: 'Whether values without a schema, such as plain JSON objects, are written to the columns of an existing table that have the names of their fields (standpipe).',
    group: groups.mapping,
  },
  'ddl.timestamp.type': {
    type: 'string',
    default: 'TIMESTAMP',
    validator: validString('TIMESTAMP', 'TIMESTAMPTZ'),
    importance: 'low',
    doc: 'Type of new columns for Timestamp fields (standpipe).',
    group: groups.ddl,
  },
  'ddl.decimal': {
    type: 'string',
    default: 'plain',
    validator: validString('plain', 'scaled'),
    importance: 'low',
    doc: 'Type of new columns for Decimal fields (standpipe): plain DECIMAL, or scaled by the precision and scale of the schema.',
    group: groups.ddl,
  },
  delivery: {
    type: 'string',
    default: 'at-least-once',
    validator: validString('at-least-once', 'exactly-once'),
    importance: 'medium',
    doc: 'exactly-once keeps the offsets in the table connect_offsets, written in the transaction of the rows (standpipe).',
    group: groups.writes,
  },
} as const satisfies KeyDeclarations
