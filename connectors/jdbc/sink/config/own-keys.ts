import { ConfigException, lambda, validString, type KeyDeclarations } from 'standpipe/api'
import { groups } from './common.ts'
import { metadataColumns, metadataSources } from './metadata-columns.ts'

/** A type as SQL has it, with length or precision: `VARCHAR(255)`, `public.citext`. Nothing else can stand in it, since it becomes part of statements. */
const typeName = lambda<string>((name, value) => {
  if (value !== null && !/^[a-z_][\w$. ]*(\(\s*\d+\s*(,\s*\d+\s*)?\))?$/i.test(value.trim()))
    throw ConfigException.forKey(name, value, 'This is no name of a type, such as TEXT or VARCHAR(255).')
}, 'a type of PostgreSQL')

const metadataList = lambda<readonly string[]>((name, value) => {
  metadataColumns(value ?? [], name)
}, `list of ${metadataSources}, each with :column or without`)

/** Keys of ours, for all classes. They change nothing unless they are set. */
export const ownKeys = {
  'write.method': {
    type: 'string',
    default: 'auto',
    validator: validString('auto', 'unnest', 'values', 'copy'),
    importance: 'low',
    doc: 'How rows are sent: unnest, one statement with an array a column; values, one with a parameter a value; copy, the COPY protocol, for inserts; auto chooses by size. (Ours.)',
    group: groups.writes,
  },
  'on.conflict': {
    type: 'string',
    default: 'update',
    validator: validString('update', 'nothing'),
    importance: 'low',
    doc: 'What an upsert does with a row that is there already: update it, or leave it as it is. (Ours.)',
    group: groups.writes,
  },
  'update.if': {
    type: 'list',
    default: [],
    importance: 'medium',
    doc: 'Columns that say which of two rows of a key is newer, such as updated_at or a version: an upsert or update leaves a row alone that is newer in them, compared one after another. NULL is oldest; of equals the last counts. Deletes are not compared. (Ours.)',
    group: groups.writes,
  },
  'on.tombstone.disabled': {
    type: 'string',
    default: 'fail',
    validator: validString('fail', 'skip'),
    importance: 'low',
    doc: 'What becomes of records without a value while deletes are off: fail, as in Java, or skip them. (Ours.)',
    group: groups.writes,
  },
  'complex.types': {
    type: 'string',
    default: 'fail',
    validator: validString('fail', 'json'),
    importance: 'low',
    doc: 'What becomes of STRUCT and MAP fields that get a new column: fail, as in Java, or json for a JSONB column. (Ours.)',
    group: groups.mapping,
  },
  'metadata.columns': {
    type: 'list',
    default: [],
    validator: metadataList,
    importance: 'low',
    doc: 'Columns for what records have besides their value, as list of source or source:column. Sources are topic, partition, offset, timestamp, key, headers (all of them, as JSON) and header.NAME; without a column it is __connect_ and the source. (Ours.)',
    group: groups.mapping,
  },
  'schemaless.enabled': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    doc: 'Whether values without a schema, such as plain JSON objects, are written to the columns of an existing table that have the names of their fields. (Ours.)',
    group: groups.mapping,
  },
  'ddl.string.type': {
    type: 'string',
    default: 'TEXT',
    validator: typeName,
    importance: 'low',
    doc: 'Type of new columns for STRING fields, such as VARCHAR(255) or CITEXT. (Ours.)',
    group: groups.ddl,
  },
  'ddl.timestamp.type': {
    type: 'string',
    default: 'TIMESTAMP',
    validator: validString('TIMESTAMP', 'TIMESTAMPTZ'),
    importance: 'low',
    doc: 'Type of new columns for Timestamp fields. (Ours.)',
    group: groups.ddl,
  },
  'ddl.decimal': {
    type: 'string',
    default: 'plain',
    validator: validString('plain', 'scaled'),
    importance: 'low',
    doc: 'Type of new columns for Decimal fields: plain DECIMAL, or scaled by the precision and scale of the schema. (Ours.)',
    group: groups.ddl,
  },
  delivery: {
    type: 'string',
    default: 'at-least-once',
    validator: validString('at-least-once', 'exactly-once'),
    importance: 'medium',
    doc: 'exactly-once keeps the offsets in the table connect_offsets, written in the transaction of the rows. (Ours.)',
    group: groups.writes,
  },
} as const satisfies KeyDeclarations
