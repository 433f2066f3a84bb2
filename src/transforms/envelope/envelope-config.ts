import type { KeyDeclarations } from '../../api/config/config-key.ts'
import { lambda } from '../../api/config/validators.ts'
import { ConfigException } from '../../api/errors.ts'
import { replaceNullWithDefault } from '../replace-null.ts'

const addedFields =
  'each as name or name:newname, where the name is op, ts_ms, that of a field of source, or with the struct: source.ts_ms.'

/** Keys of ExtractNewRecordState, as Debezium names them. The last is ours. */
export const extractNewRecordStateKeys = {
  'delete.tombstone.handling.mode': {
    type: 'string',
    default: null,
    validator: oneOf('drop', 'tombstone', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone'),
    importance: 'medium',
    doc: 'What becomes of deleted rows. drop: nothing. tombstone (the default): null with the schema of the row. rewrite: the old row with __deleted. rewrite-with-tombstone: and the tombstone behind it. delete-to-tombstone: null without a schema.',
  },
  'drop.tombstones': {
    type: 'boolean',
    default: null,
    importance: 'low',
    doc: 'Before Debezium 3: whether tombstones are dropped. Use delete.tombstone.handling.mode.',
  },
  'delete.handling.mode': {
    type: 'string',
    default: null,
    validator: oneOf('drop', 'rewrite', 'none'),
    importance: 'low',
    doc: 'Before Debezium 3: what becomes of deleted rows. Use delete.tombstone.handling.mode.',
  },
  'drop.deletes': {
    type: 'boolean',
    default: null,
    importance: 'low',
    doc: 'Before Debezium 1: whether deleted rows are dropped. Use delete.tombstone.handling.mode.',
  },
  'add.fields': { type: 'list', default: [], importance: 'low', doc: `Fields of the envelope to add to the row, ${addedFields}` },
  'add.fields.prefix': { type: 'string', default: '__', importance: 'low', doc: 'What the names of added fields begin with.' },
  'add.headers': { type: 'list', default: [], importance: 'low', doc: `Fields of the envelope to add as headers, ${addedFields}` },
  'add.headers.prefix': { type: 'string', default: '__', importance: 'low', doc: 'What the names of added headers begin with.' },
  'route.by.field': { type: 'string', default: '', importance: 'low', doc: 'Field of the row whose text becomes the topic. Empty: none.' },
  ...replaceNullWithDefault,
  'schemaless.envelopes': {
    type: 'boolean',
    default: false,
    importance: 'low',
    doc: 'Whether maps with op and after or before are envelopes too: what Debezium writes as JSON without schemas. Debezium itself passes them on unchanged.',
  },
} as const satisfies KeyDeclarations

/** In any case; null passes. */
function oneOf(...values: readonly string[]) {
  return lambda<string>(
    (name, value) => {
      if (value === null || values.includes(value.toLowerCase())) return
      throw ConfigException.forKey(name, value, `String must be one of: ${values.join(', ')}`)
    },
    `[${values.join(', ')}]`,
  )
}
